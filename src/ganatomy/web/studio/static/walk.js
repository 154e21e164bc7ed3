// Latent space under the finger.
import { ask, choice, count, field, get, h, latest, main, problem, runAddress, show } from "/assets/dom.js";
import { head } from "/assets/run.js";

const SIDE = 8; // seeds along each side of the plane
const DIRECTIONS = 6;

export async function page(name) {
  show(name, head(name, "/walk"), h("p", { class: "quiet" }, "Loading the generator …"));
  const facts = await get(runAddress(name, `/walk?order=${encodeURIComponent(JSON.stringify({ do: "describe" }))}`));
  const wanted = { do: "draw", step: facts.step, at: [0.5, 0.5], raw: false };
  const image = h("img", { class: "pixels walker", alt: "What the generator draws here", draggable: "false" });
  const said = h("div", {}), pace = h("output", { class: "quiet" });
  const paces = [];

  const draw = latest(async () => {
    const began = performance.now();
    try {
      const answer = await ask(runAddress(name, `/walk?order=${encodeURIComponent(JSON.stringify(wanted))}`));
      const address = URL.createObjectURL(await answer.blob()), before = image.src;
      image.src = address;
      await image.decode();
      if (before.startsWith("blob:")) URL.revokeObjectURL(before);
      said.replaceChildren();
      paces.push(performance.now() - began);
      paces.splice(0, paces.length - 20);
      const middle = paces.toSorted((a, b) => a - b)[Math.floor(paces.length / 2)];
      pace.textContent = `${Math.round(middle)} ms from the finger to the picture`;
      main.dataset.pace = middle.toFixed(1);
      main.dataset.drawn = Number(main.dataset.drawn ?? 0) + 1;
    } catch (error) { said.replaceChildren(problem(error)); }
  });

  const plane = seeds(name, facts, wanted, () => { stop(); delete wanted.path; draw(); });

  // --- a path of seeds
  const path = h("input", { value: "3, 9, 4", "aria-label": "Seeds of the path" }), play = h("button", { type: "button" }, "▶ Play");
  let frame = null;
  function stop() {
    cancelAnimationFrame(frame);
    frame = null;
    play.textContent = "▶ Play";
  }
  play.onclick = () => {
    if (frame) { stop(); return; }
    const stops = path.value.split(/[\s,;]+/).filter(Boolean).map(Number);
    if (stops.length < 2 || stops.some((seed) => !Number.isInteger(seed) || seed < 0)) {
      said.replaceChildren(problem("A path leads through at least two seeds: whole numbers, as in 3, 9, 4."));
      return;
    }
    const began = performance.now();
    play.textContent = "❚❚ Pause";
    const move = () => {
      wanted.path = stops;
      wanted.share = ((performance.now() - began) / 2500 / stops.length) % 1; // 2.5 seconds from seed to seed
      draw();
      frame = requestAnimationFrame(move);
    };
    move();
  };

  // --- what else decides the image
  const truncation = slider("Truncation", facts.styled ? 1.5 : 3, facts.styled ? 1.5 : 3, (value, most) => {
    wanted.truncation = value >= most ? null : Math.max(value, 0.01);
    draw();
  }, (value, most) => value >= most ? "none" : value.toFixed(2), 0);
  const directions = h("div", {});
  const find = h("button", { type: "button", onclick: async () => {
    find.disabled = true;
    find.textContent = "Looking at 512 images …";
    try {
      const { shares } = await get(runAddress(name, `/walk?order=${encodeURIComponent(JSON.stringify({ do: "directions", step: wanted.step, raw: wanted.raw }))}`));
      wanted.shifts = shares.map(() => 0);
      directions.replaceChildren(...shares.slice(0, DIRECTIONS).map((share, i) =>
        slider(`Direction ${i + 1} (${Math.round(100 * share)}% of the images' variance)`, 3, 0, (value) => { wanted.shifts[i] = value; draw(); }, (value) => `${value > 0 ? "+" : ""}${value.toFixed(1)} σ`, -3)));
      find.hidden = true;
    } catch (error) { directions.replaceChildren(problem(error)); find.disabled = false; }
  } }, "Find the principal directions");

  const options = [
    facts.classes.length > 0 && field("Class", choice({ "": "as the seed has it", ...Object.fromEntries(facts.classes.map((each, i) => [`${i}`, each])) }, "", (value) => {
      wanted.label = value === "" ? null : facts.classes[Number(value)];
      draw();
    })),
    facts.steps.length > 1 && field("Checkpoint", choice(Object.fromEntries(facts.steps.map((step) => [`${step}`, `step ${count(step)}`])), String(facts.step), (value) => { wanted.step = Number(value); draw(); })),
    field("Generator", choice({ average: "averaged", raw: "in training" }, "average", (value) => { wanted.raw = value === "raw"; draw(); })),
  ];

  show(name, head(name, "/walk"), said, h("div", { class: "two walk" },
    h("div", {}, h("h2", {}, "Seeds"), plane, h("p", { class: "quiet" }, "Drag, or use the arrow keys: on the plane lie seeds 0 to 63, and between them the prior's own interpolation.")),
    h("div", {}, h("h2", {}, "Drawn here"), image, h("p", {}, pace),
      h("div", { class: "bar" }, field("Path of seeds", path), play), ...options, truncation, find, directions)));
  await draw();
  main.dataset.ready = "yes";
}

// A plane of seeds, the newest snapshot behind it.
function seeds(name, facts, wanted, change) {
  const dot = h("span", { class: "dot" });
  const plane = h("div", { class: "plane", tabindex: "0", role: "application", "aria-label": "Plane of seeds; arrow keys move" }, dot);
  if (facts.snapshot !== null) plane.prepend(h("img", { src: runAddress(name, `/snapshots/${facts.snapshot}.png`), alt: "", draggable: "false" }));
  const middle = (i) => (i + 0.5) / SIDE; // of a seed's tile, as a share of the plane
  function go(x, y) {
    wanted.at = [x, y].map((each) => Math.min(Math.max(each, 0), SIDE - 1));
    dot.style.left = `${100 * middle(wanted.at[0])}%`;
    dot.style.top = `${100 * middle(wanted.at[1])}%`;
    plane.setAttribute("aria-valuetext", `column ${wanted.at[0].toFixed(1)}, row ${wanted.at[1].toFixed(1)}`);
  }
  const follow = (event) => {
    const box = plane.getBoundingClientRect();
    go(SIDE * (event.clientX - box.left) / box.width - 0.5, SIDE * (event.clientY - box.top) / box.height - 0.5);
    change();
  };
  plane.onpointerdown = (event) => { plane.setPointerCapture(event.pointerId); follow(event); };
  plane.onpointermove = (event) => { if (plane.hasPointerCapture(event.pointerId)) follow(event); };
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

function slider(words, most, begin, change, told, least) {
  const out = h("b", {}, told(begin, most)); // no output: the label would be its, not the slider's
  const input = h("input", { type: "range", min: least, max: most, step: 0.05, value: begin, oninput: () => {
    out.textContent = told(Number(input.value), most);
    change(Number(input.value), most);
  } });
  return h("label", { class: "field slider" }, h("span", {}, words, " ", out), input);
}
