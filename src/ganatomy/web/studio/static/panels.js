// A game drawn on canvases, and the paper on which a target is drawn by hand.
import { count, digits, h, spaced } from "/assets/dom.js";

const SIDE = 300; // pixels of a panel
const NO_PROBABILITY = "With this objective, D gives scores and not probabilities: they need not be p/(p + q).";
const ARRAYS = ["fakes", "descent", "mesh", "q", "discriminator", "optimal"]; // of an answer

const rounded = (value) => value !== null && Math.abs(value) < 5e-4 ? "0" : digits(value); // to three decimals or digits
const floats = (text) => new Float32Array(Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0)).buffer);

export function board(objective) {
  const panels = Object.fromEntries(Object.keys(TITLES).map((name) => [name, panel(name)]));
  const numbers = h("p", { class: "numbers" }), readout = h("output", { class: "quiet" }, "Point at a panel to read its values.");
  const element = h("section", { class: "board", "aria-label": objective },
    h("h2", {}, spaced(objective)), numbers, h("div", { class: "panels" }, Object.values(panels).map((each) => each.figure)), readout);
  const past = []; // {moves, value, best, divergence, distance}
  let fixed = null, view = null; // what stays the same, and the newest answer

  const self = {
    element,
    get view() { return view; },
    caption: "",
    update(answer) {
      if (answer.p) {
        fixed = { ...answer, p: floats(answer.p) };
        element.classList.toggle("line", fixed.dimension === 1); // curves need no colour scale
        if (fixed.dimension === 1) panels.points.figure.lastChild.textContent = "dashed: p, the target; filled: q, the generated points";
      }
      view = { ...answer, ...Object.fromEntries(ARRAYS.map((name) => [name, floats(answer[name])])) };
      while (past.length && past.at(-1).moves >= view.moves) past.pop();
      past.push({ moves: view.moves, value: view.value, best: view.best_value, divergence: view.divergence, distance: view.distance });
      self.caption = `Move ${count(view.moves)}, ${count(view.rounds)} whole rounds`;
      self.draw();
    },
    draw() {
      if (!view) return;
      numbers.textContent = [
        fixed.probabilistic ? `V ${rounded(view.value)} · with the optimal D ${view.best_value_words}` : null,
        `JSD ${view.divergence_words} nats`,
        view.distance === null ? null : `mean |D − D*| ${rounded(view.distance)}`,
        view.modes ? `${view.modes.covered} of ${view.modes.of} modes, ${Math.round(100 * view.modes.near)}% of points near a mode` : null,
      ].filter(Boolean).join(" · ");
      const [low, high] = fixed.probabilistic ? [0, 1] : [Math.min(...view.discriminator), Math.max(...view.discriminator)];
      (fixed.dimension === 1 ? line : plane)(panels, fixed, view, low, high);
      if (!fixed.probabilistic) {
        panels.discriminator.label("The discriminator's scores", digits(low), digits(high));
        panels.difference.label(TITLES.difference[0], "", "");
      }
      valueCurve(panels.value, past, fixed.probabilistic);
      if (!fixed.probabilistic) sentence(panels.difference, NO_PROBABILITY);
    },
  };
  for (const [name, each] of Object.entries(panels)) {
    if (name === "value" || name === "mesh") continue;
    each.canvas.addEventListener("pointermove", (event) => {
      if (!fixed) return;
      const box = each.canvas.getBoundingClientRect();
      const [across, up] = [(event.clientX - box.left) / box.width, 1 - (event.clientY - box.top) / box.height].map((share) => Math.min(Math.max(share, 0), 0.9999));
      const i = Math.floor(across * fixed.cells), j = Math.floor(up * fixed.cells), at = fixed.dimension === 1 ? i : i * fixed.cells + j;
      const place = [across, up].slice(0, fixed.dimension).map((share) => (fixed.low + share * (fixed.high - fixed.low)).toFixed(2)).join(", ");
      const optimal = view.optimal[at], score = view.discriminator[at];
      readout.textContent = `x = (${place}): ${fixed.probabilistic ? "D" : "score"} ${digits(score)}, optimal D ${Number.isNaN(optimal) ? "– (no points)" : digits(optimal)}${fixed.probabilistic && !Number.isNaN(optimal) ? `, difference ${digits(score - optimal)}` : ""}; mass of p ${digits(fixed.p[at], 2)}, of q ${digits(view.q[at], 2)} in this cell`;
    });
  }
  return self;
}

const TITLES = {
  points: ["Real and generated", "grey: the target; orange: generated points; arrows: the gradient that moves them"],
  discriminator: ["The discriminator, D(x)", "scale"],
  optimal: ["The optimum, D* = p/(p + q)", "scale"],
  difference: ["Their difference, D − D*", "difference"],
  mesh: ["Latent space, mapped by G", "equal probability between lines"],
  value: ["The value of the game", "over the moves"],
};

function panel(name) {
  const [title, legend] = TITLES[name], ratio = Math.min(window.devicePixelRatio || 1, 2);
  const canvas = h("canvas", { width: SIDE * ratio, height: SIDE * ratio, role: "img", "aria-label": title });
  const head = h("h3", {}, title);
  const ends = [h("span", {}, legend === "scale" ? "0 generated" : "−1"), h("span", {}, legend === "scale" ? "1 real" : "+1")];
  const scale = h("div", { class: "scale" }, ends[0], h("i", { class: legend === "scale" ? "ramp" : "ramp difference" }), ends[1]);
  const caption = legend === "scale" || legend === "difference" ? [scale, name === "optimal" && h("span", {}, "plain: no points, real or generated")] : [legend];
  const context = canvas.getContext("2d");
  context.scale(ratio, ratio);
  return {
    canvas, context, figure: h("figure", {}, head, canvas, h("figcaption", {}, caption.filter(Boolean))),
    label: (text, low, high) => {
      head.textContent = text;
      canvas.setAttribute("aria-label", text);
      if (low === undefined) return;
      [ends[0].textContent, ends[1].textContent] = [low, high];
      scale.hidden = low === "";
    },
  };
}

const colour = (name) => style(name);
function rgb(name) { // of a colour of the page, [r, g, b]
  const text = colour(name);
  return [1, 3, 5].map((from) => parseInt(text.slice(from, from + 2), 16));
}

function ramp(from, to) { // a colour for each number from −1 to 1, through the page's background
  const [low, middle, high] = [rgb(from), rgb("paper"), rgb(to)];
  return (t) => {
    const end = t < 0 ? low : high, share = Math.min(Math.abs(t), 1);
    return middle.map((each, i) => each + share * (end[i] - each));
  };
}

function clear({ context }) { context.clearRect(0, 0, SIDE, SIDE); }

function heat(place, values, cells, paint) { // cells in rows along the first axis, which points to the right
  const none = rgb("rule"), small = new OffscreenCanvas(cells, cells), image = new ImageData(cells, cells);
  for (let i = 0; i < cells; i++) {
    for (let j = 0; j < cells; j++) {
      const value = values[i * cells + j], at = 4 * ((cells - 1 - j) * cells + i);
      image.data.set([...(Number.isNaN(value) ? none : paint(value)), 255], at);
    }
  }
  small.getContext("2d").putImageData(image, 0, 0);
  clear(place);
  place.context.imageSmoothingEnabled = true;
  place.context.drawImage(small, 0, 0, SIDE, SIDE);
}

function plane(panels, fixed, view, low, high) {
  const { cells } = fixed, across = (x) => SIDE * (x - fixed.low) / (fixed.high - fixed.low), up = (y) => SIDE - across(y);
  const most = Math.sqrt(Math.max(...fixed.p)), [paper, quiet] = [rgb("paper"), rgb("quiet")];
  heat(panels.points, fixed.p, cells, (p) => paper.map((each, i) => each + 0.75 * Math.sqrt(p) / most * (quiet[i] - each)));
  const scale = ramp("generator", "discriminator"), signed = ramp("other1", "other0");
  heat(panels.discriminator, view.discriminator, cells, (value) => scale(2 * (value - low) / (high - low || 1) - 1));
  heat(panels.optimal, view.optimal, cells, (value) => scale(2 * value - 1));
  heat(panels.difference, view.discriminator.map((value, i) => value - view.optimal[i]), cells, signed);
  const { context } = panels.points;
  context.fillStyle = colour("generator");
  for (let i = 0; i < view.fakes.length; i += 2) context.fillRect(across(view.fakes[i]) - 1, up(view.fakes[i + 1]) - 1, 2, 2);
  arrows(context, view, across, up, fixed);
  clear(panels.mesh);
  const lines = panels.mesh.context, knots = view.mesh.length / view.lines / 2;
  lines.strokeStyle = colour("generator");
  lines.lineWidth = 0.7;
  for (let each = 0; each < view.lines; each++) {
    lines.beginPath();
    for (let knot = 0; knot < knots; knot++) {
      const at = 2 * (each * knots + knot);
      lines.lineTo(across(view.mesh[at]), up(view.mesh[at + 1]));
    }
    lines.stroke();
  }
}

function arrows(context, view, across, up, fixed) { // on one scale for every game on a target, with a legend
  const { dimension, arrows: scale } = fixed, number = view.descent.length / dimension;
  const unit = SIDE / (fixed.high - fixed.low), largest = scale.longest / scale.per_gradient;
  const arrow = (x, y, dx, dy) => { // from a point in pixels, of a gradient
    const size = Math.hypot(dx, dy), length = unit * scale.per_gradient * Math.min(size, largest);
    const [ux, uy] = size ? [dx / size, -dy / size] : [0, 0], [c, d] = [x + length * ux, y + length * uy];
    context.moveTo(x, y);
    context.lineTo(c, d);
    if (length < 4) return;
    for (const side of [-1, 1]) { context.moveTo(c, d); context.lineTo(c - 4 * ux + 2.5 * side * uy, d - 4 * uy - 2.5 * side * ux); }
  };
  label(context, `gradient ${digits(scale.example)} (the longest: ${digits(largest, 2)} or more)`, 12 + unit * scale.per_gradient * scale.example, 14);
  context.strokeStyle = colour("ink");
  context.lineWidth = 0.9;
  context.beginPath();
  arrow(6, 10, scale.example, 0);
  for (let i = 0; i < number; i++) {
    if (dimension === 1) arrow(across(view.fakes[i]), up(i), view.descent[i], 0);
    else arrow(across(view.fakes[2 * i]), up(view.fakes[2 * i + 1]), view.descent[2 * i], view.descent[2 * i + 1]);
  }
  context.stroke();
}

function line(panels, fixed, view, low, high) {
  const cells = fixed.cells, at = (i) => SIDE * (i + 0.5) / cells, across = (x) => SIDE * (x - fixed.low) / (fixed.high - fixed.low);
  const draw = (place, values, bottom, top, tone, dash = []) => {
    const { context } = place;
    context.strokeStyle = colour(tone);
    context.lineWidth = 1.6;
    context.setLineDash(dash);
    context.beginPath();
    let on = false;
    values.forEach((value, i) => {
      if (Number.isNaN(value)) { on = false; return; }
      const y = SIDE - 8 - (SIDE - 16) * (value - bottom) / (top - bottom || 1);
      if (on) context.lineTo(at(i), y); else context.moveTo(at(i), y);
      on = true;
    });
    context.stroke();
    context.setLineDash([]);
  };
  const rule = (place, value, bottom, top, words) => {
    const y = SIDE - 8 - (SIDE - 16) * (value - bottom) / (top - bottom);
    place.context.fillStyle = colour("rule");
    place.context.fillRect(0, y, SIDE, 1);
    label(place.context, words, 3, y - 3);
  };
  for (const name of ["points", "discriminator", "optimal", "difference", "mesh"]) clear(panels[name]);
  const top = 1.6 * Math.max(...fixed.p), { context } = panels.points;
  context.fillStyle = colour("generator") + "55";
  view.q.forEach((value, i) => { const tall = (SIDE - 16) * Math.min(value / top, 1); context.fillRect(at(i) - SIDE / cells / 2, SIDE - 8 - tall, SIDE / cells + 0.5, tall); });
  draw(panels.points, fixed.p, 0, top, "ink", [4, 3]);
  arrows(context, { fakes: view.fakes.slice(0, 25), descent: view.descent.slice(0, 25) }, across, (i) => SIDE - 14 - 4 * i, fixed);
  for (const name of ["discriminator", "optimal"]) if (name === "optimal" || fixed.probabilistic) for (const [value, words] of [[0, "0"], [0.5, "½"], [1, "1"]]) rule(panels[name], value, 0, 1, words);
  draw(panels.discriminator, view.discriminator, low, high, "discriminator");
  draw(panels.optimal, view.optimal, 0, 1, "other0");
  if (fixed.probabilistic) draw(panels.discriminator, view.optimal, 0, 1, "other0", [2, 3]);
  for (const [value, words] of [[-1, "−1"], [0, "0"], [1, "1"]]) rule(panels.difference, value, -1, 1, words);
  draw(panels.difference, view.discriminator.map((value, i) => value - view.optimal[i]), -1, 1, "other1");
  const lines = panels.mesh.context, knots = view.mesh.length;
  lines.strokeStyle = colour("generator");
  lines.lineWidth = 0.8;
  lines.beginPath();
  view.mesh.forEach((x, i) => { lines.moveTo(SIDE * (i + 0.5) / knots, 14); lines.lineTo(across(x), SIDE - 14); });
  lines.stroke();
  label(lines, "z", 3, 11);
  label(lines, "x = G(z)", 3, SIDE - 3);
}

function valueCurve(place, past, probabilistic) {
  clear(place);
  const curves = probabilistic
    ? [["value", "discriminator", "V(D, G)", []], ["best", "other0", "−log 4 + 2·JSD", [6, 3]], ["distance", "other1", "mean |D − D*|", [2, 2]]]
    : [["divergence", "other0", "JSD", []]];
  const [bottom, top, level, words] = probabilistic ? [-1.6, 1.1, -Math.log(4), "−log 4"] : [-0.05, 0.8, Math.log(2), "log 2: no overlap"];
  place.label(probabilistic ? TITLES.value[0] : "The JSD of p and q");
  const { context } = place, first = past[0].moves, span = past.at(-1).moves - first || 1;
  const x = (moves) => 4 + (SIDE - 8) * (moves - first) / span, y = (value) => SIDE - 8 - (SIDE - 16) * (Math.max(value, bottom) - bottom) / (top - bottom);
  context.fillStyle = colour("rule");
  context.fillRect(0, y(level), SIDE, 1);
  label(context, words, 3, y(level) + 12);
  curves.forEach(([key, tone, name, dash], i) => {
    context.strokeStyle = context.fillStyle = colour(tone);
    context.lineWidth = 1.5;
    context.setLineDash(dash);
    context.beginPath();
    for (const each of past) if (each[key] !== null) context.lineTo(x(each.moves), y(each[key]));
    context.stroke();
    context.setLineDash([]);
    context.textAlign = "right";
    context.fillText(`${name} ${rounded(past.at(-1)[key])}`, SIDE - 4, 14 + 14 * i);
    context.textAlign = "left";
  });
}

function label(context, words, x, y) {
  context.font = "11px system-ui, sans-serif";
  context.fillStyle = colour("quiet");
  context.fillText(words, x, y);
}

function sentence(place, words) {
  clear(place);
  place.context.font = "12px system-ui, sans-serif";
  place.context.fillStyle = colour("quiet");
  words.match(/.{1,38}(\s|$)/g).forEach((part, i) => place.context.fillText(part, 20, SIDE / 2 - 10 + 16 * i));
}

// Paper to draw a target on. The drawing is kept as a text of two letters per point.
export class Paper {
  static levels = 36;
  static apart = 0.06; // between neighbouring points of a line

  static points(text) {
    const at = (letter) => 2 * parseInt(letter, 36) / (Paper.levels - 1) - 1;
    return (text.match(/[0-9a-z]{2}/g) ?? []).map(([x, y]) => [at(x), at(y)]);
  }

  constructor(text, most, done) { // most: points
    this.text = text.slice(0, 2 * most);
    this.most = most;
    this.done = done;
    this.canvas = h("canvas", { width: 200, height: 200, tabindex: "0", role: "application", "aria-label": "Paper: drag to draw, or move with the arrow keys and add a point with the space bar" });
    this.element = h("div", { class: "paper" }, this.canvas,
      h("div", { class: "bar" }, h("button", { type: "button", onclick: () => done(this.text) }, "Play on this"), h("button", { type: "button", onclick: () => { this.text = ""; this.draw(); } }, "Clear")));
    const at = (event) => {
      const box = this.canvas.getBoundingClientRect();
      return [2 * (event.clientX - box.left) / box.width - 1, 1 - 2 * (event.clientY - box.top) / box.height];
    };
    this.cursor = [0, 0];
    this.canvas.onpointerdown = (event) => { this.canvas.setPointerCapture(event.pointerId); this.add(at(event)); };
    this.canvas.onpointermove = (event) => { if (this.canvas.hasPointerCapture(event.pointerId)) this.add(at(event)); };
    this.canvas.onkeydown = (event) => {
      const by = { ArrowRight: [0.1, 0], ArrowLeft: [-0.1, 0], ArrowUp: [0, 0.1], ArrowDown: [0, -0.1], " ": [0, 0] }[event.key];
      if (!by) return;
      event.preventDefault();
      this.cursor = this.cursor.map((each, i) => Math.min(Math.max(each + by[i], -1), 1));
      if (event.key === " ") this.add(this.cursor); else this.draw();
    };
    this.draw();
  }

  add(point) {
    if (point.some((each) => Math.abs(each) > 1) || this.text.length >= 2 * this.most) return;
    const last = Paper.points(this.text.slice(-2))[0];
    if (last && Math.hypot(last[0] - point[0], last[1] - point[1]) < Paper.apart) return;
    this.text += point.map((each) => Math.round((each + 1) / 2 * (Paper.levels - 1)).toString(36)).join("");
    this.draw();
  }

  draw() {
    const context = this.canvas.getContext("2d"), place = (each) => 100 * (each + 1);
    context.clearRect(0, 0, 200, 200);
    context.fillStyle = context.strokeStyle = colour("quiet");
    for (const [x, y] of Paper.points(this.text)) { context.beginPath(); context.arc(place(x), 200 - place(y), 5, 0, 7); context.fill(); }
    context.strokeRect(place(this.cursor[0]) - 3, 197 - place(this.cursor[1]), 6, 6);
  }
}
