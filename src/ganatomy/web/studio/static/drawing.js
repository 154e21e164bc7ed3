// How a game is drawn on canvases: in the plane, on the line, and the curves of its value.
import { digits } from "/assets/dom.js";

export const rounded = (value) => value !== null && Math.abs(value) < 5e-4 ? "0" : digits(value); // to three decimals or digits
export const colour = (name) => style(name);
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

function clear({ context, side }) { context.clearRect(0, 0, side, side); }

function heat(place, values, cells, paint) { // cells in rows along the first axis, which points to the right
  const none = rgb("rule"), small = new OffscreenCanvas(cells, cells), image = new ImageData(cells, cells);
  for (let i = 0; i < cells; i++) {
    for (let j = 0; j < cells; j++) {
      const value = values[i * cells + j], at = 4 * ((cells - 1 - j) * cells + i);
      image.data.set([...(Number.isNaN(value) ? none : paint(value, i * cells + j)), 255], at);
    }
  }
  small.getContext("2d").putImageData(image, 0, 0);
  clear(place);
  place.context.imageSmoothingEnabled = true;
  place.context.drawImage(small, 0, 0, place.side, place.side);
}

const mixed = (from, to, share) => from.map((each, i) => each + share * (to[i] - each));

export function plane(panels, fixed, view, low, high, layers) {
  const { cells } = fixed, across = (x, side) => side * (x - fixed.low) / (fixed.high - fixed.low);
  const most = Math.sqrt(Math.max(...fixed.p)), [paper, quiet] = [rgb("paper"), rgb("quiet")];
  const scale = ramp("generator", "discriminator"), share = (value) => 2 * (value - low) / (high - low || 1) - 1;
  heat(panels.points, fixed.p, cells, (p, i) => {
    const behind = layers.field ? mixed(paper, scale(share(view.discriminator[i])), 0.6) : paper;
    return layers.target ? mixed(behind, quiet, 0.75 * Math.sqrt(p) / most) : behind;
  });
  const signed = ramp("other1", "other0");
  heat(panels.discriminator, view.discriminator, cells, (value) => scale(share(value)));
  heat(panels.optimal, view.optimal, cells, (value) => scale(2 * value - 1));
  heat(panels.difference, view.discriminator.map((value, i) => value - view.optimal[i]), cells, signed);
  const { context, side } = panels.points, dot = side < 400 ? 2 : 3;
  context.fillStyle = colour(layers.field ? "ink" : "generator"); // on the field, orange means something else
  if (layers.points) for (let i = 0; i < view.fakes.length; i += 2) context.fillRect(across(view.fakes[i], side) - dot / 2, side - across(view.fakes[i + 1], side) - dot / 2, dot, dot);
  if (layers.arrows) arrows(panels.points, view, (x) => across(x, side), (y) => side - across(y, side), fixed);
  clear(panels.mesh);
  const lines = panels.mesh.context, knots = view.mesh.length / view.lines / 2;
  lines.strokeStyle = colour("generator");
  lines.lineWidth = 0.7;
  for (let each = 0; each < view.lines; each++) {
    lines.beginPath();
    for (let knot = 0; knot < knots; knot++) {
      const at = 2 * (each * knots + knot);
      lines.lineTo(across(view.mesh[at], panels.mesh.side), panels.mesh.side - across(view.mesh[at + 1], panels.mesh.side));
    }
    lines.stroke();
  }
}

function arrows({ context, side }, view, across, up, fixed) { // on one scale for every game on a target, with a legend
  const { dimension, arrows: scale } = fixed, number = view.descent.length / dimension;
  const unit = side / (fixed.high - fixed.low), largest = scale.longest / scale.per_gradient;
  const arrow = (x, y, dx, dy) => { // from a point in pixels, of a gradient
    const size = Math.hypot(dx, dy), length = unit * scale.per_gradient * Math.min(size, largest);
    const [ux, uy] = size ? [dx / size, -dy / size] : [0, 0], [c, d] = [x + length * ux, y + length * uy];
    context.moveTo(x, y);
    context.lineTo(c, d);
    if (length < 4) return;
    for (const turn of [-1, 1]) { context.moveTo(c, d); context.lineTo(c - 4 * ux + 2.5 * turn * uy, d - 4 * uy - 2.5 * turn * ux); }
  };
  const longest = side < 240 ? "" : ` (the longest: ${digits(largest, 2)} or more)`;
  label(context, `gradient ${digits(scale.example)}${longest}`, 12 + unit * scale.per_gradient * scale.example, 14);
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

export function line(panels, fixed, view, low, high, layers) {
  const cells = fixed.cells, across = (x, side) => side * (x - fixed.low) / (fixed.high - fixed.low);
  const draw = (place, values, bottom, top, tone, dash = []) => {
    const { context, side } = place, at = (i) => side * (i + 0.5) / cells;
    context.strokeStyle = colour(tone);
    context.lineWidth = 1.6;
    context.setLineDash(dash);
    context.beginPath();
    let on = false;
    values.forEach((value, i) => {
      if (Number.isNaN(value)) { on = false; return; }
      const y = side - 8 - (side - 16) * (value - bottom) / (top - bottom || 1);
      if (on) context.lineTo(at(i), y); else context.moveTo(at(i), y);
      on = true;
    });
    context.stroke();
    context.setLineDash([]);
  };
  const rule = (place, value, bottom, top, words) => {
    const y = place.side - 8 - (place.side - 16) * (value - bottom) / (top - bottom);
    place.context.fillStyle = colour("rule");
    place.context.fillRect(0, y, place.side, 1);
    label(place.context, words, 3, y - 3);
  };
  for (const name of ["points", "discriminator", "optimal", "difference", "mesh"]) clear(panels[name]);
  const top = 1.6 * Math.max(...fixed.p), { context, side } = panels.points;
  context.fillStyle = colour("generator") + "55";
  if (layers.points) view.q.forEach((value, i) => { const tall = (side - 16) * Math.min(value / top, 1); context.fillRect(side * i / cells, side - 8 - tall, side / cells + 0.5, tall); });
  if (layers.target) draw(panels.points, fixed.p, 0, top, "ink", [4, 3]);
  if (layers.field) draw(panels.points, view.discriminator, low, high, "discriminator");
  if (layers.arrows) arrows(panels.points, { fakes: view.fakes.slice(0, 25), descent: view.descent.slice(0, 25) }, (x) => across(x, side), (i) => side - 14 - 4 * i, fixed);
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
  const tall = panels.mesh.side;
  view.mesh.forEach((x, i) => { lines.moveTo(tall * (i + 0.5) / knots, 14); lines.lineTo(across(x, tall), tall - 14); });
  lines.stroke();
  label(lines, "z", 3, 11);
  label(lines, "x = G(z)", 3, tall - 3);
}

export function valueCurve(place, past, moves, probabilistic) { // of all the past, with its figures after so many moves
  clear(place);
  const curves = probabilistic
    ? [["value", "discriminator", "V(D, G)", []], ["best", "other0", "−log 4 + 2·JSD", [6, 3]], ["distance", "other1", "mean |D − D*|", [2, 2]]]
    : [["divergence", "other0", "JSD", []]];
  const [bottom, top, level, words] = probabilistic ? [-1.6, 1.1, -Math.log(4), "−log 4"] : [-0.05, 0.8, Math.log(2), "log 2: no overlap"];
  const { context, side } = place, first = past[0].moves, span = past.at(-1).moves - first || 1;
  const now = past.findLast((each) => each.moves <= moves) ?? past[0];
  const x = (moves) => 4 + (side - 8) * (moves - first) / span, y = (value) => side - 8 - (side - 16) * (Math.max(value, bottom) - bottom) / (top - bottom);
  context.fillStyle = colour("rule");
  context.fillRect(0, y(level), side, 1);
  if (now !== past.at(-1)) context.fillRect(x(now.moves), 0, 1.5, side);
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
    context.strokeStyle = colour("paper"); // letters stand out from curves
    context.lineWidth = 4;
    for (const way of ["strokeText", "fillText"]) context[way](`${name} ${rounded(now[key])}`, side - 4, 14 + 14 * i);
    context.textAlign = "left";
  });
}

function label(context, words, x, y) {
  context.font = "11px system-ui, sans-serif";
  context.fillStyle = colour("quiet");
  context.fillText(words, x, y);
}

export function sentence(place, words) {
  clear(place);
  place.context.font = "12px system-ui, sans-serif";
  place.context.fillStyle = colour("quiet");
  words.match(/.{1,38}(\s|$)/g).forEach((part, i) => place.context.fillText(part, 20, place.side / 2 - 10 + 16 * i));
}
