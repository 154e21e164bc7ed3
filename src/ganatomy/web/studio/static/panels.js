// The panels of a game: what is drawn on which, its layers, and the values under a pointer or a cursor.
import { count, digits, h, spaced } from "/assets/dom.js";
import { line, plane, rounded, sentence, valueCurve } from "/assets/drawing.js";

const SIDE = 300; // pixels of a panel that is not shown
const NO_PROBABILITY = "With this objective, D gives scores and not probabilities: they need not be p/(p + q).";
const ARRAYS = ["fakes", "descent", "mesh", "q", "discriminator", "optimal"]; // of an answer
const LAYERS = { target: "real", field: "D(x)", points: "generated", arrows: "gradients" }; // of the first panel
const LEGEND = [ // of each layer, on the line and in the plane
  { target: "dashed: p, the target", field: "line: D(x)", points: "filled: q, the generated points", arrows: "arrows: the gradient that moves them" },
  { target: "grey: the target", field: "blue: D takes points here for real; orange: for generated", points: "dots: generated points", arrows: "arrows: the gradient that moves them" },
];
const SHOWN = ["target", "points", "arrows"]; // at first

const floats = (values) => typeof values === "string" ? new Float32Array(Uint8Array.from(atob(values), (letter) => letter.charCodeAt(0)).buffer) : values;

// shown: the layers of the first panel that are shown at first. visible: the panels that are shown.
export function board(objective, shown = SHOWN, visible = Object.keys(TITLES)) {
  const panels = Object.fromEntries(Object.keys(TITLES).map((name) => [name, panel(name)]));
  const layers = Object.fromEntries(Object.keys(LAYERS).map((name) => [name, shown.includes(name)]));
  const numbers = h("p", { class: "numbers" });
  const readout = h("output", { class: "quiet readout" }, "Point at a panel to read its values, or choose one with the Tab key and move with the arrow keys.");
  panels.points.figure.append(h("div", { class: "layers", role: "group", "aria-label": "Layers" }, Object.entries(LAYERS).map(([name, label]) =>
    h("label", {}, h("input", { type: "checkbox", checked: layers[name], onchange: (event) => { layers[name] = event.target.checked; self.draw(); } }), label))));
  const element = h("section", { class: "board", "aria-label": objective },
    h("h2", {}, spaced(objective)), numbers, h("div", { class: "panels" }, visible.map((name) => panels[name].figure)), readout);
  const past = []; // {moves, value, best, divergence, distance}; of a recorded game, also what follows
  let fixed = null, view = null; // what stays the same, and the newest answer

  const self = {
    element, panels, past,
    get view() { return view; },
    caption: "",
    update(answer) {
      if (answer.p) {
        fixed = { ...answer, p: floats(answer.p) };
        element.classList.toggle("line", fixed.dimension === 1); // curves need no colour scale
      }
      view = { ...answer, ...Object.fromEntries(ARRAYS.map((name) => [name, floats(answer[name])])) };
      if (view.whole) past.splice(0, past.length, ...view.whole);
      else {
        while (past.length && past.at(-1).moves >= view.moves) past.pop();
        past.push({ moves: view.moves, value: view.value, best: view.best_value, divergence: view.divergence, distance: view.distance });
      }
      self.caption = `Move ${count(view.moves)}, ${count(view.rounds)} whole rounds`;
      self.draw();
    },
    draw() {
      if (!view) return;
      for (const each of Object.values(panels)) each.fit();
      panels.points.words.textContent = Object.keys(LAYERS).filter((name) => layers[name]).map((name) => LEGEND[fixed.dimension - 1][name]).join("; ");
      numbers.textContent = [
        fixed.probabilistic ? `V ${rounded(view.value)} · with the optimal D ${view.best_value_words}` : null,
        `JSD ${view.divergence_words} nats`,
        view.distance === null ? null : `mean |D − D*| ${rounded(view.distance)}`,
        view.gradient === undefined ? null : `gradient on a point ${rounded(view.gradient)}`,
        view.modes ? `${view.modes.covered} of ${view.modes.of} modes, ${Math.round(100 * view.modes.near)}% of points near a mode` : null,
      ].filter(Boolean).join(" · ");
      const [low, high] = fixed.probabilistic ? [0, 1] : [Math.min(...view.discriminator), Math.max(...view.discriminator)];
      (fixed.dimension === 1 ? line : plane)(panels, fixed, view, low, high, layers);
      if (!fixed.probabilistic) {
        panels.discriminator.label("The discriminator's scores", digits(low), digits(high));
        panels.difference.label(TITLES.difference[0], "", "");
      }
      panels.value.label(fixed.probabilistic ? TITLES.value[0] : "The JSD of p and q");
      valueCurve(panels.value, past, view.moves, fixed.probabilistic);
      if (!fixed.probabilistic) sentence(panels.difference, NO_PROBABILITY);
    },
  };

  // The values at a place of a panel: shares of its width and height.
  const read = {
    cell: ([across, up]) => {
      const [i, j] = [across, up].map((share) => Math.floor(Math.min(share, 0.9999) * fixed.cells)), at = fixed.dimension === 1 ? i : i * fixed.cells + j;
      const place = [i, j].slice(0, fixed.dimension).map((cell) => (fixed.low + (cell + 0.5) / fixed.cells * (fixed.high - fixed.low)).toFixed(2)).join(", ");
      const optimal = view.optimal[at], score = view.discriminator[at];
      return `x = (${place}): ${fixed.probabilistic ? "D" : "score"} ${digits(score)}, optimal D ${Number.isNaN(optimal) ? "– (no points)" : digits(optimal)}${fixed.probabilistic && !Number.isNaN(optimal) ? `, difference ${digits(score - optimal)}` : ""}; mass of p ${digits(fixed.p[at], 2)}, of q ${digits(view.q[at], 2)} in this cell`;
    },
    move: ([across]) => {
      const moves = past[0].moves + across * (past.at(-1).moves - past[0].moves);
      const each = past.reduce((best, other) => Math.abs(other.moves - moves) < Math.abs(best.moves - moves) ? other : best);
      return `Move ${count(each.moves)}: ${fixed.probabilistic ? `V ${rounded(each.value)}, with the optimal D ${rounded(each.best)}, mean |D − D*| ${rounded(each.distance)}` : `JSD ${rounded(each.divergence)}`}`;
    },
  };
  for (const [name, each] of Object.entries(panels)) {
    if (name === "mesh") continue;
    readable(each, (place) => { if (view) readout.textContent = (name === "value" ? read.move : read.cell)(place); });
  }
  new ResizeObserver(() => self.draw()).observe(panels.points.canvas);
  return self;
}

export const TITLES = {
  points: ["Real and generated", ""],
  discriminator: ["The discriminator, D(x)", "scale"],
  optimal: ["The optimum, D* = p/(p + q)", "scale"],
  difference: ["Their difference, D − D*", "difference"],
  mesh: ["Latent space, mapped by G", "equal probability between lines"],
  value: ["The value of the game", "over the moves"],
};

function panel(name) {
  const [title, legend] = TITLES[name];
  const canvas = h("canvas", { role: "img", "aria-label": title }), cursor = h("i", { class: "cursor", hidden: true });
  const head = h("h3", {}, title), context = canvas.getContext("2d");
  const ends = [h("span", {}, legend === "scale" ? "0 generated" : "−1"), h("span", {}, legend === "scale" ? "1 real" : "+1")];
  const scale = h("div", { class: "scale" }, ends[0], h("i", { class: legend === "scale" ? "ramp" : "ramp difference" }), ends[1]);
  const words = h("span", {}, legend === "scale" || legend === "difference" ? (name === "optimal" ? "plain: no points, real or generated" : "") : legend);
  const self = {
    canvas, context, cursor, words, side: 0,
    figure: h("figure", { "data-panel": name }, head, h("div", { class: "canvas" }, canvas, cursor), h("figcaption", {}, (legend === "scale" || legend === "difference") && scale, words)),
    label: (text, low, high) => {
      head.textContent = text;
      canvas.setAttribute("aria-label", text);
      if (low === undefined) return;
      [ends[0].textContent, ends[1].textContent] = [low, high];
      scale.hidden = low === "";
    },
    fit: () => { // as many pixels as the screen has for it, so that letters keep their size
      const side = canvas.clientWidth || SIDE, ratio = Math.min(window.devicePixelRatio || 1, 2);
      if (side === self.side && canvas.width === Math.round(side * ratio)) return;
      self.side = side;
      canvas.width = canvas.height = Math.round(side * ratio);
      context.setTransform(ratio, 0, 0, ratio, 0, 0);
    },
  };
  return self;
}

// Makes a panel tell its values: under the pointer, or under a cursor that the arrow keys move.
function readable({ canvas, cursor }, read) {
  let place = [0.5, 0.5];
  const go = (to) => {
    place = to.map((share) => Math.min(Math.max(share, 0), 1));
    [cursor.style.left, cursor.style.top] = [`${100 * place[0]}%`, `${100 * (1 - place[1])}%`];
    read(place);
  };
  const point = (event) => {
    const box = canvas.getBoundingClientRect();
    go([(event.clientX - box.left) / box.width, 1 - (event.clientY - box.top) / box.height]);
  };
  canvas.tabIndex = 0;
  canvas.setAttribute("role", "application"); // it answers to the arrow keys
  canvas.addEventListener("pointermove", point);
  canvas.addEventListener("pointerdown", point);
  canvas.addEventListener("focus", () => { cursor.hidden = !canvas.matches(":focus-visible"); if (!cursor.hidden) go(place); });
  canvas.addEventListener("blur", () => { cursor.hidden = true; });
  canvas.addEventListener("keydown", (event) => {
    const by = { ArrowRight: [1, 0], ArrowLeft: [-1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] }[event.key];
    if (!by) return;
    event.preventDefault();
    cursor.hidden = false;
    go(place.map((share, i) => share + by[i] * (event.shiftKey ? 0.1 : 0.02)));
  });
}
