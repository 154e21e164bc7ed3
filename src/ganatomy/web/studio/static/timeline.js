// The same latent vectors at every snapshot.
import { $, count, get, h, main, problem, runAddress, show, state } from "/assets/dom.js";
import { Charts, framed, head, shades, whole } from "/assets/run.js";

const HISTORY = 24; // snapshots in the history of a tile

export async function page(name) {
  show(name, head(name), h("p", { class: "quiet" }, "…"));
  const [{ steps, tiles }, run] = await Promise.all([get(runAddress(name, "/snapshots")), whole(name)]);
  if (!steps.length) {
    show(name, head(name, [state(run.state)]), h("p", {}, "There are no snapshots yet. The first is drawn when the training starts."));
    return;
  }
  const last = steps.length - 1, address = (i) => runAddress(name, `/snapshots/${steps[i]}.png`);
  const image = h("img", { alt: "Samples" }), sheet = h("div", { class: run.lab ? "sheet lab" : "sheet" }, framed(image, run.lab));
  const out = h("output", {}), play = h("button", { type: "button", class: "round", "aria-label": "Play or pause" }, "▶");
  const slider = h("input", { type: "range", min: 0, max: last, value: last, "aria-label": "Snapshot", oninput: () => { pause(); go(); } });
  const speed = h("select", { "aria-label": "Snapshots per second" }, [4, 10, 25].map((rate) => h("option", { value: rate }, `${rate} per second`)));
  const detail = h("section", { class: "tile", "aria-live": "polite" }), place = h("section", { class: "charts small" });
  const charts = new Charts(place);
  let timer = null;

  function go() {
    const i = Number(slider.value);
    image.src = address(i);
    out.textContent = `step ${count(steps[i])}`;
    slider.setAttribute("aria-valuetext", out.textContent);
    for (const near of [i + 1, i - 1]) if (steps[near] !== undefined) new Image().src = address(near); // so that the next one is loaded
    charts.point(steps[i]);
  }
  function pause() {
    clearInterval(timer);
    timer = null;
    play.textContent = "▶";
  }
  function next() {
    if (Number(slider.value) >= last) { pause(); return; }
    slider.value = Number(slider.value) + 1;
    go();
  }
  play.onclick = () => {
    if (timer) { pause(); return; }
    if (Number(slider.value) >= last) slider.value = 0;
    timer = setInterval(next, 1000 / Number(speed.value));
    play.textContent = "❚❚";
  };
  speed.onchange = () => { if (timer) { pause(); play.onclick(); } };

  if (tiles) sheet.append(overlay(tiles, (tile) => history(name, steps, tiles, tile, Number(slider.value), detail)));
  show(name, head(name, [state(run.state)]),
    h("div", { class: tiles ? "two" : "" },
      h("div", {}, sheet, h("div", { class: "player" }, play, slider, out, speed),
        h("p", { class: "quiet" }, `${count(steps.length)} ${run.lab ? "pictures of the game" : "snapshots of the same latent vectors"}.${tiles ? " Choose a tile to see its history and the real images nearest to it." : ""}`)),
      tiles && detail),
    place);
  charts.set(run.charts);
  charts.marks = run.marks;
  charts.shades = shades(run.diagnosis);
  charts.draw();
  go();
  $(".overlay button")?.click();
  main.dataset.ready = "yes";
}

// A button over every tile.
function overlay(tiles, choose) {
  const pitch = (side) => side * tiles.times + tiles.gap, rows = Math.ceil(tiles.count / tiles.columns);
  const wide = tiles.columns * pitch(tiles.width) + tiles.gap, tall = rows * pitch(tiles.height) + tiles.gap;
  const buttons = Array.from({ length: tiles.count }, (_, tile) => {
    const button = h("button", { type: "button", "aria-label": `Seed ${tile}`, title: `Seed ${tile}`, tabindex: tile ? -1 : 0 });
    Object.assign(button.style, {
      left: `${100 * (tiles.gap + (tile % tiles.columns) * pitch(tiles.width)) / wide}%`,
      top: `${100 * (tiles.gap + Math.floor(tile / tiles.columns) * pitch(tiles.height)) / tall}%`,
      width: `${100 * tiles.width * tiles.times / wide}%`, height: `${100 * tiles.height * tiles.times / tall}%`,
    });
    button.onclick = () => {
      for (const other of buttons) other.setAttribute("aria-pressed", other === button);
      choose(tile);
    };
    button.onkeydown = (event) => { // arrow keys move from tile to tile
      const by = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: tiles.columns, ArrowUp: -tiles.columns }[event.key];
      const other = by && buttons[tile + by];
      if (!other) return;
      event.preventDefault();
      button.tabIndex = -1;
      other.tabIndex = 0;
      other.focus();
    };
    return button;
  });
  return h("div", { class: "overlay", role: "group", "aria-label": "Tiles" }, buttons);
}

async function history(name, steps, tiles, tile, now, place) {
  const chosen = [...new Set(Array.from({ length: Math.min(HISTORY, steps.length) }, (_, i, all) => Math.round(i * (steps.length - 1) / Math.max(1, Math.min(HISTORY, steps.length) - 1))))];
  const strip = h("div", { class: "strip" }), found = h("div", { class: "strip" });
  place.replaceChildren(
    h("h2", {}, `Seed ${tile}`), h("h3", {}, "Its history"), strip,
    h("h3", {}, `The real images nearest to it at step ${count(steps[now])}`), found,
    h("p", { class: "quiet" }, "Nearest by pixels; the number is the root mean square difference, in grey levels from 0 to 255. Images that are near in pixels need not look alike."));
  for (const i of chosen) strip.append(cut(runAddress(name, `/snapshots/${steps[i]}.png`), tiles, tile, `step ${count(steps[i])}`));
  try {
    const { nearest } = await get(runAddress(name, `/nearest?step=${steps[now]}&tile=${tile}`));
    found.append(cut(runAddress(name, `/snapshots/${steps[now]}.png`), tiles, tile, "generated"),
      ...nearest.map(({ index, distance }) => h("figure", {},
        h("img", { src: runAddress(name, `/real/${index}.png`), alt: `Real image ${index}`, class: "pixels" }), h("figcaption", {}, distance.toFixed(1)))));
  } catch (error) { found.append(problem(error)); }
}

function cut(source, tiles, tile, caption) { // one tile of a snapshot
  const canvas = h("canvas", { width: tiles.width, height: tiles.height, class: "pixels", role: "img", "aria-label": caption });
  const image = new Image();
  image.onload = () => {
    const [wide, tall] = [tiles.width * tiles.times, tiles.height * tiles.times];
    const left = tiles.gap + (tile % tiles.columns) * (wide + tiles.gap), top = tiles.gap + Math.floor(tile / tiles.columns) * (tall + tiles.gap);
    const context = canvas.getContext("2d");
    context.imageSmoothingEnabled = false;
    context.drawImage(image, left, top, wide, tall, 0, 0, tiles.width, tiles.height);
  };
  image.src = source;
  return h("figure", {}, canvas, h("figcaption", {}, caption));
}
