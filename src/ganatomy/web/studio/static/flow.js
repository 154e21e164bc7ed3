// Real numbers on their way through the game: z → G → D ← x, and what goes back to G.
import { digits, h } from "/assets/dom.js";

const ROUND = 2600; // milliseconds in which a number goes all the way
const SIDES = { generator: [118, 62], discriminator: [296, 118] }; // the middle of each box
const BOX = [34, 24]; // half its width and height
// The ways, in parts of the picture; a number is on each for a share of the round.
const WAYS = {
  z: { from: [34, 62], to: [84, 62], during: [0, 0.25] },
  fake: { from: [152, 62], to: [270, 98], during: [0.3, 0.6] },
  real: { from: [34, 190], to: [270, 138], during: [0.2, 0.6] },
};
const ARROWS = ["M48 62 H80", "M154 66 L262 100", "M48 186 L262 140", "M296 92 C296 30 118 6 118 36"];

const still = matchMedia("(prefers-reduced-motion: reduce)");

export function flow() {
  const text = (x, y, words, kind = "") => h("svg:text", { x, y, class: kind, "text-anchor": "middle" }, words);
  const box = ([x, y], name, kind) => [h("svg:rect", { x: x - BOX[0], y: y - BOX[1], width: 2 * BOX[0], height: 2 * BOX[1], rx: 6, class: `box ${kind}` }), text(x, y + 6, name, "name")];
  const number = (kind) => h("svg:g", { class: `number ${kind}` }, h("svg:circle", { r: 5 }), h("svg:text", { y: -9, "text-anchor": "middle" }));
  const numbers = { z: number("z"), fake: number("generator"), real: number("target") };
  const back = h("svg:circle", { r: 5, class: "back" });
  const beside = (y, kind) => h("svg:text", { x: 336, y, class: kind }, ""); // D, on its right
  const judged = { fake: beside(112, "generator"), real: beside(134, "target") };
  const news = text(207, 16, "?", "label"); // what goes back to G: the learner predicts it
  const element = h("svg:svg", { class: "flow", viewBox: "0 0 430 210", role: "img", "aria-label": "z goes through the generator G; G(z) and real samples x go to the discriminator D; what goes back to G?" },
    ARROWS.map((d, i) => h("svg:path", { d, class: i === 3 ? "way told" : "way" })),
    box(SIDES.generator, "G", "generator"), box(SIDES.discriminator, "D", "discriminator"),
    text(28, 88, "z: chance", "label"), text(34, 206, "x: real", "label"), text(118, 104, "the forger", "label"), text(296, 160, "the detective", "label"), news,
    ...Object.values(judged), ...Object.values(numbers), back);
  let shown = null, next = null, began = 0, index = 0, frame = 0;

  const between = (way, share) => {
    const part = Math.min(Math.max((share - way.during[0]) / (way.during[1] - way.during[0]), 0), 1);
    return way.from.map((each, i) => each + part * (way.to[i] - each));
  };
  const place = (group, [x, y], words, visible) => {
    group.setAttribute("transform", `translate(${x} ${y})`);
    group.lastChild.textContent = words;
    group.toggleAttribute("hidden", !visible);
  };
  const draw = (share) => {
    const at = index % shown.z.length;
    for (const [name, way] of Object.entries(WAYS)) place(numbers[name], between(way, share), digits(shown[name][at], 2), share >= way.during[0] && share <= way.during[1] + 0.04);
    const decided = share > 0.62;
    judged.fake.textContent = decided ? `D(G(z)) = ${digits(shown.of_fake[at], 2)}` : "";
    judged.real.textContent = decided ? `D(x) = ${digits(shown.of_real[at], 2)}` : "";
    const home = Math.min(Math.max((share - 0.7) / 0.28, 0), 1);
    const path = element.querySelector(".told"), point = path.getPointAtLength(home * path.getTotalLength());
    back.setAttribute("cx", point.x);
    back.setAttribute("cy", point.y);
    back.toggleAttribute("hidden", home === 0);
  };
  const tick = (now) => {
    if (!element.isConnected) { frame = 0; return; }
    const share = (now - began) / ROUND;
    if (share >= 1) { [shown, began, index] = [next, now, index + 1]; draw(0); } else draw(share);
    frame = requestAnimationFrame(tick);
  };
  return {
    element,
    reveal() { news.textContent = "the slope of D: all that G is told"; },
    update(numbers) {
      next = numbers;
      shown ??= numbers;
      if (still.matches) { shown = numbers; draw(0.66); return; }
      if (!frame) { began = performance.now(); frame = requestAnimationFrame(tick); }
    },
  };
}
