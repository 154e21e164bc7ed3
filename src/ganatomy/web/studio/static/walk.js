// Latent space, explored by dragging.
import { choice, count, field, get, h, latest, main, problem, request, runAddress, show } from "/assets/dom.js";
import { animation, download, encoded } from "/assets/loop.js";
import { head } from "/assets/run.js";
import { named, slider, sliders } from "/assets/sliders.js";

const SAVE = "Save as loop";
const FIND = "Find the principal directions"; // of images, until the page is closed
const LOOP = { rate: 12, most: 360, side: 256 }; // frames a second, frames at most, pixels that small images are enlarged to
const PER_SEED = 2500; // milliseconds from seed to seed of a path

export async function page(name) {
  show(name, head(name), h("p", { class: "quiet" }, "Loading the generator …"));
  const address = (wanted) => runAddress(name, `/walk?request=${encodeURIComponent(JSON.stringify(wanted))}`);
  const generator = await get(address({ action: "describe" }));
  const wanted = { action: "draw", step: generator.step, at: [0.5, 0.5], raw: false };
  const image = h("img", { class: "pixels walker", alt: "The image that the generator draws here", draggable: "false" });
  const message = h("div", {}), delay = h("output", { class: "quiet" });
  const delays = [];

  const draw = latest(async () => {
    const began = performance.now();
    try {
      const answer = await request(address(wanted)), before = image.src;
      image.src = URL.createObjectURL(await answer.blob());
      await image.decode();
      if (before.startsWith("blob:")) URL.revokeObjectURL(before);
      message.replaceChildren();
      delays.push(performance.now() - began);
      delays.splice(0, delays.length - 20);
      const median = delays.toSorted((a, b) => a - b)[Math.floor(delays.length / 2)];
      delay.textContent = `Drawn in ${Math.round(median)} ms (median of the last 20)`;
      main.dataset.drawn = Number(main.dataset.drawn ?? 0) + 1;
    } catch (error) { message.replaceChildren(problem(error)); }
  });

  const plane = seeds(name, generator, wanted, () => { stop(); delete wanted.path; draw(); });

  // --- a path of seeds
  const path = h("input", { value: "3, 9, 4", "aria-label": "Seeds of the path" }), play = h("button", { type: "button" }, "▶ Play");
  let frame = null;
  function stop() {
    cancelAnimationFrame(frame);
    frame = null;
    play.textContent = "▶ Play";
  }
  function stops() { // or null, with a word about it
    const seeds = path.value.split(/[\s,;]+/).filter(Boolean).map(Number);
    if (seeds.length > 1 && seeds.every((seed) => Number.isInteger(seed) && seed >= 0)) return seeds;
    message.replaceChildren(problem("A path needs at least two seeds: whole numbers, for example 3, 9, 4."));
    return null;
  }
  play.onclick = () => {
    if (frame) { stop(); return; }
    const seeds = stops();
    if (!seeds) return;
    const began = performance.now();
    play.textContent = "❚❚ Pause";
    const move = () => {
      wanted.path = seeds;
      wanted.share = ((performance.now() - began) / PER_SEED / seeds.length) % 1;
      draw();
      frame = requestAnimationFrame(move);
    };
    move();
  };

  const loop = h("button", { type: "button", onclick: async () => {
    const seeds = stops();
    if (!seeds) return;
    stop();
    loop.disabled = true;
    const as = { ...wanted, path: seeds }; // as it was when the button was pressed
    try {
      const frames = Math.min(Math.round(LOOP.rate * seeds.length * PER_SEED / 1000), LOOP.most), files = [];
      let canvas;
      for (let i = 0; i < frames; i++) {
        loop.textContent = `Drawing ${i + 1} of ${frames} …`;
        const answer = await request(address({ ...as, share: i / frames }));
        canvas = enlarged(await createImageBitmap(await answer.blob()));
        files.push(await encoded(canvas, 1));
      }
      const duration = seeds.length * PER_SEED / frames;
      download(animation(files, [canvas.width, canvas.height], files.map(() => duration)), `${name}-walk-${seeds.slice(0, 8).join("-")}.webp`);
      message.replaceChildren();
    } catch (error) { message.replaceChildren(problem(error)); }
    loop.disabled = false;
    loop.textContent = SAVE;
  } }, SAVE);

  // --- options
  const most = generator.styled ? 1.5 : 3;
  const truncation = slider("Truncation", [0, most, 0.05], most, (value) => value >= most ? "none" : value.toFixed(2), (value) => {
    wanted.truncation = value >= most ? null : Math.max(value, 0.01);
    draw();
  }).element;
  const directions = named(generator.directions, name, (moves) => { wanted.moves = moves; draw(); });
  const find = h("button", { type: "button", onclick: async () => {
    find.disabled = true;
    find.textContent = `Drawing ${generator.directions_from} images …`;
    try {
      const { shares } = await get(address({ action: "directions", step: wanted.step, raw: wanted.raw }));
      const labels = shares.map((share, i) => `Direction ${i + 1} (${Math.round(100 * share)}% of the images' variance)`);
      find.replaceWith(...sliders(labels, 3, "σ", (shifts) => { wanted.shifts = shifts; draw(); }));
    } catch (error) {
      message.replaceChildren(problem(error));
      find.disabled = false;
      find.textContent = FIND;
    }
  } }, FIND);
  if (!generator.directions.names.length) directions.append(find);

  const options = [
    generator.classes.length > 0 && field("Class", choice({ "": "chosen by the seed", ...Object.fromEntries(generator.classes.map((each, i) => [`${i}`, each])) }, "", (value) => {
      wanted.label = value === "" ? null : generator.classes[Number(value)];
      draw();
    })),
    generator.steps.length > 1 && field("Checkpoint", choice(Object.fromEntries(generator.steps.map((step) => [`${step}`, `step ${count(step)}`])), String(generator.step), (value) => { wanted.step = Number(value); draw(); })),
    field("Generator", choice({ average: "averaged", raw: "as it trains" }, "average", (value) => { wanted.raw = value === "raw"; draw(); })),
  ];

  show(name, head(name), message, h("div", { class: "two walk" },
    h("div", {}, h("h2", {}, "Image"), image, h("p", {}, delay)),
    h("div", {}, h("h2", {}, "Seeds"), plane, h("p", { class: "quiet" }, `Drag to explore the latent space, or use the arrow keys. The tiles are seeds 0 to ${generator.side ** 2 - 1}; between them, the latent vectors are interpolated as their prior requires.`)),
    h("div", {}, h("div", { class: "bar" }, field("Path of seeds", path), play, loop), ...options, truncation, directions)));
  await draw();
  main.dataset.ready = "yes";
}

// A plane of seeds over the newest snapshot.
function seeds(name, { side, snapshot }, wanted, change) {
  const dot = h("span", { class: "dot" });
  const plane = h("div", { class: "plane", tabindex: "0", role: "application", "aria-label": "Plane of seeds; arrow keys move" }, dot);
  if (snapshot !== null) plane.prepend(h("img", { src: runAddress(name, `/snapshots/${snapshot}.png`), alt: "", draggable: "false" }));
  const middle = (i) => (i + 0.5) / side; // of a seed's tile, as a share of the plane
  function go(x, y) {
    wanted.at = [x, y].map((each) => Math.min(Math.max(each, 0), side - 1));
    dot.style.left = `${100 * middle(wanted.at[0])}%`;
    dot.style.top = `${100 * middle(wanted.at[1])}%`;
    plane.setAttribute("aria-valuetext", `column ${wanted.at[0].toFixed(1)}, row ${wanted.at[1].toFixed(1)}`);
  }
  const moveTo = (event) => {
    const box = plane.getBoundingClientRect();
    go(side * (event.clientX - box.left) / box.width - 0.5, side * (event.clientY - box.top) / box.height - 0.5);
    change();
  };
  plane.onpointerdown = (event) => { plane.setPointerCapture(event.pointerId); moveTo(event); };
  plane.onpointermove = (event) => { if (plane.hasPointerCapture(event.pointerId)) moveTo(event); };
  plane.onkeydown = (event) => {
    const by = { ArrowRight: [1, 0], ArrowLeft: [-1, 0], ArrowDown: [0, 1], ArrowUp: [0, -1] }[event.key];
    if (!by) return;
    event.preventDefault();
    const far = event.shiftKey ? 1 : 0.1;
    go(wanted.at[0] + far * by[0], wanted.at[1] + far * by[1]);
    change();
  };
  go(...wanted.at);
  return plane;
}

function enlarged(image) { // as whole pixels
  const times = Math.max(1, Math.floor(LOOP.side / Math.max(image.width, image.height)));
  const canvas = new OffscreenCanvas(times * image.width, times * image.height), context = canvas.getContext("2d");
  context.imageSmoothingEnabled = false;
  context.drawImage(image, 0, 0, canvas.width, canvas.height);
  return canvas;
}
