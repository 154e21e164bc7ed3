// What there is to see of a game, on canvases; and the paper on which a target is drawn.
import { count, digits, h } from "/assets/dom.js";

const SIDE = 300; // pixels of a panel
const NOTHING = "This objective gives scores, not probabilities: they need not be p/(p + q).";

const floats = (text) => new Float32Array(Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0)).buffer);

export function board(objective) {
  const panels = Object.fromEntries(["points", "judged", "best", "off", "mesh", "worth"].map((name) => [name, panel(name)]));
  const numbers = h("p", { class: "numbers" }), readout = h("output", { class: "quiet" }, "Point at a panel to read its numbers.");
  const element = h("section", { class: "board", "aria-label": objective },
    h("h2", {}, objective.replaceAll("_", " ")), numbers, h("div", { class: "panels" }, Object.values(panels).map((each) => each.figure)), readout);
  const past = []; // {moves, value, best}
  let fixed = null, seen = null;

  const self = {
    element,
    get seen() { return seen; },
    told: "",
    take(answer) {
      if (answer.p) {
        fixed = { ...answer, p: floats(answer.p) };
        element.classList.toggle("line", fixed.dimension === 1); // where curves need no scale of colours
        if (fixed.dimension === 1) panels.points.figure.lastChild.textContent = "dashed: the target, p; filled: q, what is generated";
      }
      seen = { ...answer, ...Object.fromEntries(["fakes", "pulls", "mesh", "q", "judged", "best"].map((name) => [name, floats(answer[name])])) };
      while (past.length && past.at(-1).moves >= seen.moves) past.pop();
      past.push({ moves: seen.moves, value: seen.value, best: seen.best_value, divergence: seen.divergence });
      self.told = `Move ${count(seen.moves)}, ${count(seen.rounds)} whole rounds`;
      self.draw();
    },
    draw() {
      if (!seen) return;
      numbers.textContent = [
        fixed.probabilistic ? `V ${digits(seen.value)} · best possible ${digits(seen.best_value)} ± ${digits(2 * seen.within, 1)}` : null,
        `JSD ${digits(seen.divergence)} ± ${digits(seen.within, 1)} nats`,
        seen.off === null ? null : `mean |D − D*| ${digits(seen.off)}`,
        seen.modes ? `${seen.modes.covered} of ${seen.modes.of} modes, ${Math.round(100 * seen.modes.near)}% of points near one` : null,
      ].filter(Boolean).join(" · ");
      const [low, high] = fixed.probabilistic ? [0, 1] : [Math.min(...seen.judged), Math.max(...seen.judged)];
      (fixed.dimension === 1 ? line : plane)(panels, fixed, seen, low, high);
      if (!fixed.probabilistic) {
        panels.judged.words("The discriminator's scores", digits(low), digits(high));
        panels.off.words("Its difference from the best", "", "");
      }
      worth(panels.worth, past, fixed.probabilistic);
      if (!fixed.probabilistic) nothing(panels.off, NOTHING);
    },
  };
  for (const [name, each] of Object.entries(panels)) {
    if (name === "worth" || name === "mesh") continue;
    each.canvas.addEventListener("pointermove", (event) => {
      if (!fixed) return;
      const box = each.canvas.getBoundingClientRect();
      const [across, up] = [(event.clientX - box.left) / box.width, 1 - (event.clientY - box.top) / box.height].map((share) => Math.min(Math.max(share, 0), 0.9999));
      const i = Math.floor(across * fixed.cells), j = Math.floor(up * fixed.cells), at = fixed.dimension === 1 ? i : i * fixed.cells + j;
      const place = [across, up].slice(0, fixed.dimension).map((share) => (fixed.low + share * (fixed.high - fixed.low)).toFixed(2)).join(", ");
      const best = seen.best[at], judged = seen.judged[at];
      readout.textContent = `x = (${place}): ${fixed.probabilistic ? "D" : "score"} ${digits(judged)}, best D ${Number.isNaN(best) ? "– (no points)" : digits(best)}${fixed.probabilistic && !Number.isNaN(best) ? `, difference ${digits(judged - best)}` : ""}; p ${digits(fixed.p[at], 2)}, q ${digits(seen.q[at], 2)} of a cell`;
    });
  }
  return self;
}

const TITLES = {
  points: ["Real and generated", "grey: the target; orange: generated points; arrows: where the generator is sent"],
  judged: ["The discriminator, D(x)", "scale"],
  best: ["The best one, p/(p + q)", "scale"],
  off: ["Their difference, D − D*", "difference"],
  mesh: ["The latent space, bent by G", "equal probability between lines"],
  worth: ["What the game is worth", "over the moves"],
};

function panel(name) {
  const [title, words] = TITLES[name], ratio = Math.min(window.devicePixelRatio || 1, 2);
  const canvas = h("canvas", { width: SIDE * ratio, height: SIDE * ratio, role: "img", "aria-label": title });
  const head = h("h3", {}, title);
  const ends = [h("span", {}, words === "scale" ? "0 generated" : "−1"), h("span", {}, words === "scale" ? "1 real" : "+1")];
  const scale = h("div", { class: "scale" }, ends[0], h("i", { class: words === "scale" ? "ramp" : "ramp off" }), ends[1]);
  const legend = words === "scale" || words === "difference" ? [scale, name === "best" && h("span", {}, "plain: neither real nor generated points")] : [words];
  const context = canvas.getContext("2d");
  context.scale(ratio, ratio);
  return {
    canvas, context, figure: h("figure", {}, head, canvas, h("figcaption", {}, legend.filter(Boolean))),
    words: (text, low, high) => {
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

function ramp(from, to) { // −1 … 1 → through the page's paper
  const [low, middle, high] = [rgb(from), rgb("paper"), rgb(to)];
  return (t) => {
    const end = t < 0 ? low : high, share = Math.min(Math.abs(t), 1);
    return middle.map((each, i) => each + share * (end[i] - each));
  };
}

function clear({ context }) { context.clearRect(0, 0, SIDE, SIDE); }

function heat(place, values, cells, paint) { // cells lie row by row along the first axis, which is drawn to the right
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

function plane(panels, fixed, seen, low, high) {
  const { cells } = fixed, across = (x) => SIDE * (x - fixed.low) / (fixed.high - fixed.low), up = (y) => SIDE - across(y);
  const most = Math.sqrt(Math.max(...fixed.p)), [paper, quiet] = [rgb("paper"), rgb("quiet")];
  heat(panels.points, fixed.p, cells, (p) => paper.map((each, i) => each + 0.75 * Math.sqrt(p) / most * (quiet[i] - each)));
  const scale = ramp("generator", "discriminator"), off = ramp("other1", "other0");
  heat(panels.judged, seen.judged, cells, (value) => scale(2 * (value - low) / (high - low || 1) - 1));
  heat(panels.best, seen.best, cells, (value) => scale(2 * value - 1));
  heat(panels.off, seen.judged.map((value, i) => value - seen.best[i]), cells, off);
  const { context } = panels.points;
  context.fillStyle = colour("generator");
  for (let i = 0; i < seen.fakes.length; i += 2) context.fillRect(across(seen.fakes[i]) - 1, up(seen.fakes[i + 1]) - 1, 2, 2);
  arrows(context, seen, across, up, fixed);
  clear(panels.mesh);
  const lines = panels.mesh.context, knots = seen.mesh.length / seen.lines / 2;
  lines.strokeStyle = colour("generator");
  lines.lineWidth = 0.7;
  for (let each = 0; each < seen.lines; each++) {
    lines.beginPath();
    for (let knot = 0; knot < knots; knot++) {
      const at = 2 * (each * knots + knot);
      lines.lineTo(across(seen.mesh[at]), up(seen.mesh[at + 1]));
    }
    lines.stroke();
  }
}

function arrows(context, seen, across, up, fixed) { // the longest is an eighth of the panel
  const dimension = fixed.dimension, number = seen.pulls.length / dimension;
  let longest = 0;
  for (let i = 0; i < number; i++) longest = Math.max(longest, dimension === 1 ? Math.abs(seen.pulls[i]) : Math.hypot(seen.pulls[2 * i], seen.pulls[2 * i + 1]));
  if (!longest) return;
  const reach = (fixed.high - fixed.low) / 8 / longest;
  context.strokeStyle = colour("ink");
  context.lineWidth = 0.9;
  context.beginPath();
  for (let i = 0; i < number; i++) {
    const [x, y] = dimension === 1 ? [seen.fakes[i], 0] : [seen.fakes[2 * i], seen.fakes[2 * i + 1]];
    const [dx, dy] = dimension === 1 ? [seen.pulls[i], 0] : [seen.pulls[2 * i], seen.pulls[2 * i + 1]];
    const [a, b, c, d] = [across(x), up(y), across(x + reach * dx), up(y + reach * dy)];
    const length = Math.hypot(c - a, d - b);
    context.moveTo(a, b);
    context.lineTo(c, d);
    if (length < 4) continue;
    const [ux, uy] = [(c - a) / length, (d - b) / length];
    for (const side of [-1, 1]) { context.moveTo(c, d); context.lineTo(c - 4 * ux + 2.5 * side * uy, d - 4 * uy - 2.5 * side * ux); }
  }
  context.stroke();
}

function line(panels, fixed, seen, low, high) {
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
  for (const name of ["points", "judged", "best", "off", "mesh"]) clear(panels[name]);
  const top = 1.6 * Math.max(...fixed.p), { context } = panels.points;
  context.fillStyle = colour("generator") + "55";
  seen.q.forEach((value, i) => { const tall = (SIDE - 16) * Math.min(value / top, 1); context.fillRect(at(i) - SIDE / cells / 2, SIDE - 8 - tall, SIDE / cells + 0.5, tall); });
  draw(panels.points, fixed.p, 0, top, "ink", [4, 3]);
  arrows(context, { fakes: seen.fakes.slice(0, 25), pulls: seen.pulls.slice(0, 25) }, across, () => SIDE - 14, fixed);
  for (const name of ["judged", "best"]) if (name === "best" || fixed.probabilistic) for (const [value, words] of [[0, "0"], [0.5, "½"], [1, "1"]]) rule(panels[name], value, 0, 1, words);
  draw(panels.judged, seen.judged, low, high, "discriminator");
  draw(panels.best, seen.best, 0, 1, "other0");
  if (fixed.probabilistic) draw(panels.judged, seen.best, 0, 1, "other0", [2, 3]);
  for (const [value, words] of [[-1, "−1"], [0, "0"], [1, "1"]]) rule(panels.off, value, -1, 1, words);
  draw(panels.off, seen.judged.map((value, i) => value - seen.best[i]), -1, 1, "other1");
  const lines = panels.mesh.context, knots = seen.mesh.length;
  lines.strokeStyle = colour("generator");
  lines.lineWidth = 0.8;
  lines.beginPath();
  seen.mesh.forEach((x, i) => { lines.moveTo(SIDE * (i + 0.5) / knots, 14); lines.lineTo(across(x), SIDE - 14); });
  lines.stroke();
  label(lines, "z", 3, 11);
  label(lines, "x = G(z)", 3, SIDE - 3);
}

function worth(place, past, probabilistic) {
  clear(place);
  const curves = probabilistic
    ? [["value", "discriminator", "V(D, G)", []], ["best", "other0", "−log 4 + 2·JSD", [6, 3]]]
    : [["divergence", "other0", "JSD", []]];
  const [bottom, top, level, words] = probabilistic ? [-2, 0.1, -Math.log(4), "−log 4"] : [-0.05, 0.8, Math.log(2), "log 2: nothing in common"];
  place.words(probabilistic ? "What the game is worth" : "How far apart p and q are");
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
    context.fillText(`${name} ${digits(past.at(-1)[key])}`, SIDE - 4, 14 + 14 * i);
    context.textAlign = "left";
  });
}

function label(context, words, x, y) {
  context.font = "11px system-ui, sans-serif";
  context.fillStyle = colour("quiet");
  context.fillText(words, x, y);
}

function nothing(place, words) {
  clear(place);
  place.context.font = "12px system-ui, sans-serif";
  place.context.fillStyle = colour("quiet");
  words.match(/.{1,38}(\s|$)/g).forEach((part, i) => place.context.fillText(part, 20, SIDE / 2 - 10 + 16 * i));
}

// A sheet to draw a target on; what is drawn is a text of two letters a point.
export class Paper {
  static levels = 36;
  static apart = 0.06; // between points of a line

  static points(text) {
    const at = (letter) => 2 * parseInt(letter, 36) / (Paper.levels - 1) - 1;
    return (text.match(/[0-9a-z]{2}/g) ?? []).slice(0, 400).map(([x, y]) => [at(x), at(y)]);
  }

  constructor(text, done) {
    this.text = text;
    this.done = done;
    this.canvas = h("canvas", { width: 200, height: 200, tabindex: "0", role: "application", "aria-label": "Paper: drag to draw; or move with the arrow keys and stamp with the space bar" });
    this.element = h("div", { class: "paper" }, this.canvas,
      h("div", { class: "bar" }, h("button", { type: "button", onclick: () => done(this.text) }, "Play on this"), h("button", { type: "button", onclick: () => { this.text = ""; this.draw(); } }, "Clear")));
    const at = (event) => {
      const box = this.canvas.getBoundingClientRect();
      return [2 * (event.clientX - box.left) / box.width - 1, 1 - 2 * (event.clientY - box.top) / box.height];
    };
    this.hand = [0, 0];
    this.canvas.onpointerdown = (event) => { this.canvas.setPointerCapture(event.pointerId); this.stamp(at(event)); };
    this.canvas.onpointermove = (event) => { if (this.canvas.hasPointerCapture(event.pointerId)) this.stamp(at(event)); };
    this.canvas.onkeydown = (event) => {
      const by = { ArrowRight: [0.1, 0], ArrowLeft: [-0.1, 0], ArrowUp: [0, 0.1], ArrowDown: [0, -0.1], " ": [0, 0] }[event.key];
      if (!by) return;
      event.preventDefault();
      this.hand = this.hand.map((each, i) => Math.min(Math.max(each + by[i], -1), 1));
      if (event.key === " ") this.stamp(this.hand); else this.draw();
    };
    this.draw();
  }

  stamp(point) {
    if (point.some((each) => Math.abs(each) > 1) || this.text.length >= 800) return;
    const last = Paper.points(this.text.slice(-2))[0];
    if (last && Math.hypot(last[0] - point[0], last[1] - point[1]) < Paper.apart) return;
    this.text += point.map((each) => Math.round((each + 1) / 2 * (Paper.levels - 1)).toString(36)).join("");
    this.draw();
  }

  draw() {
    const context = this.canvas.getContext("2d"), place = (each) => 100 * (each + 1);
    context.clearRect(0, 0, 200, 200);
    context.fillStyle = "#888";
    for (const [x, y] of Paper.points(this.text)) { context.beginPath(); context.arc(place(x), 200 - place(y), 5, 0, 7); context.fill(); }
    context.strokeRect(place(this.hand[0]) - 3, 197 - place(this.hand[1]), 6, 6);
  }
}
