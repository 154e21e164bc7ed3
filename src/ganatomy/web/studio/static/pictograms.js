// A small picture of what a group of lessons is about; it shows the question and not the answer.
import { h } from "/assets/dom.js";

const line = (d, tone) => h("svg:path", { class: `line ${tone}`, d });
const dot = (cx, cy, r, tone) => h("svg:circle", { class: `dot-of ${tone}`, cx, cy, r });
const words = (x, y, text) => h("svg:text", { x, y }, text);
const ring = Array.from({ length: 8 }, (_, i) => [80 + 28 * Math.cos(i * Math.PI / 4), 36 + 28 * Math.sin(i * Math.PI / 4)]);

const DRAWN = {
  theory: () => [line("M10 62 C50 62 48 10 66 10 S84 62 150 62", "target"), line("M10 62 C70 62 78 22 94 22 S118 62 150 62", "generator"), words(52, 12, "p"), words(112, 26, "q")],
  gradients: () => [line("M10 14 C90 14 120 20 150 64", "discriminator"), dot(40, 14, 4, "generator"), dot(134, 38, 4, "generator"), words(28, 36, "?"), words(112, 56, "?")],
  modes: () => [...ring.map(([x, y]) => dot(x, y, 7, "target")), dot(80, 36, 4, "generator"), words(88, 40, "?")],
  distances: () => [line("M8 62 H152", "target"), line("M14 62 V30 H50 V62", "target"), line("M106 62 V30 H142 V62", "generator"), line("M56 46 H100", "discriminator"), words(75, 40, "?")],
  training: () => [words(6, 40, "z"), line("M18 36 H34", "target"), line("M36 22 H62 V50 H36 Z", "generator"), words(44, 41, "G"), line("M64 36 H88", "target"), line("M90 22 H116 V50 H90 Z", "discriminator"), words(98, 41, "D"), line("M118 36 H138", "target"), words(142, 40, "x")],
  scores: () => [line("M10 66 H150", "target"), ...[[30, 40], [70, 24], [110, 34]].flatMap(([x, y]) => [line(`M${x} ${y - 12} V${y + 12}`, "discriminator"), dot(x, y, 4, "discriminator")]), line("M10 52 H150", "generator")],
};

export const pictogram = (theme) => DRAWN[theme] && h("svg:svg", { class: "pictogram", viewBox: "0 0 160 72", "aria-hidden": "true" }, DRAWN[theme]());
