// Recorded games of the lab: two of them side by side, under one slider. The page's address holds the choice.
import { $, choice, count, digits, field, h, main } from "/assets/dom.js";
import { board } from "/assets/panels.js";
import { player } from "/assets/player.js";
import { about, compared } from "/assets/prose.js";
import { game } from "/assets/recorded.js";

const { target, axes, rounds, games, command, batch, width } = JSON.parse($("#games").textContent);
const LAST = rounds.length - 1;
const SIDES = ["left", "right"];
const open = axes.filter((axis) => axis.keys.length > 1); // the settings that can be chosen

const chosen = { left: axes.map(() => 0), right: axes.map(() => 0), alone: false, frame: LAST };
const stage = { boards: {}, shown: {}, turn: 0 };

const numberOf = (values) => values.reduce((number, value, i) => number * axes[i].keys.length + value, 0);
const valuesOf = (number) => axes.reduceRight(([left, values], axis) => [Math.floor(left / axis.keys.length), [left % axis.keys.length, ...values]], [number, []])[1];
const words = (values) => open.map((axis) => axis.words[values[axes.indexOf(axis)]]).join(", ") || axes.map((axis) => axis.words[0]).join(", ");
const sides = () => chosen.alone ? ["left"] : SIDES;

// --- what is on the page
const message = h("div", {}), boards = h("div", { class: "boards" });
const comparison = h("p", { class: "comparison" });
const time = player(LAST, draw);
const menus = Object.fromEntries(SIDES.map((side) => [side, open.map((axis) => choice(
  Object.fromEntries(axis.keys.map((key, i) => [i, ["objective", "penalty"].includes(axis.name) ? axis.words[i] : axis.name === "rates" ? axis.words[i].replace("rates ", "") : key])), "0",
  (value) => { chosen[side][axes.indexOf(axis)] = Number(value); show(); }))]));
const forms = Object.fromEntries(SIDES.map((side) => [side, h("fieldset", {}, h("legend", {}, side === "left" ? "Left game" : "Right game"), open.map((axis, i) => field(axis.label, menus[side][i])))]));
const two = h("input", { type: "checkbox", checked: true, onchange: () => { chosen.alone = !two.checked; show(); } });
const presets = open.map((axis) => h("button", { type: "button", onclick: () => preset(axes.indexOf(axis)) }, `Compare ${axis.label === "k" ? "k" : axis.label.toLowerCase()}`));
const copy = h("button", { type: "button", onclick: async () => {
  let said = "The link is copied: it holds both games and the round.";
  try { await navigator.clipboard.writeText(location.href); } catch { said = `The link, to copy by hand: ${location.href}`; }
  message.replaceChildren(h("p", { class: "notice", role: "status" }, said));
} }, "Copy link");
const map = h("div", { class: "map" }), picks = h("fieldset", { class: "bar" }, h("legend", { class: "quiet" }, "A click on a game shows it"),
  SIDES.map((side) => h("label", {}, h("input", { type: "radio", name: "pick", value: side, checked: side === "right" }), ` ${side}`)));
const cells = games.map((_, number) => h("button", { type: "button", onclick: () => pick(number) }));

main.replaceChildren(...[
  h("h1", {}, document.title),
  h("p", { class: "intro" }, `A generator’s points have to become like a target that it never sees (${target.summary[0].toLowerCase()}${target.summary.slice(1)}); all that it is told is what the discriminator thinks of its points. ${
    games.length > 1 ? `Here are ${count(games.length)} such games of ${count(rounds.at(-1))} rounds, played with different settings. Choose one on each side, and move the slider.` : `Here is such a game of ${count(rounds.at(-1))} rounds. Move the slider.`} Because the target’s density is known, the best discriminator D* = p/(p + q) can be drawn beside the one that was trained.`),
  message,
  open.length > 0 && h("div", { class: "bar" }, presets, h("label", {}, two, " two games side by side"), copy),
  open.length > 0 && h("div", { class: "sides" }, SIDES.map((side) => forms[side])),
  time.element, comparison, boards,
  games.length > 1 && h("section", {}, h("h2", {}, "All games after this round"),
    h("p", {}, "The Jensen–Shannon divergence (JSD) of real and generated points in nats: 0 where they are equal, log 2 = 0.693 where they do not overlap. The bluer, the nearer."), picks, map),
  h("section", {}, h("h2", {}, "How it was made"),
    h("p", {}, "Ganatomy played each game with its own losses and its own loop, and recorded what is drawn here; this page computes nothing but the colours. ",
      `Each player is a network of three hidden layers of ${count(width)} units, trained by Adam on batches of ${count(batch)} points. `,
      `Drawn values are rounded: probabilities to 1/${target.levels}, positions to a thousandth of the width, masses to ${target.cells}${target.dimension === 2 ? " × " + target.cells : ""} cells. Figures in the text have five digits.`),
    command && h("pre", {}, command)),
].filter(Boolean));
table();
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => Object.values(stage.boards).forEach((each) => each.draw()));
addEventListener("hashchange", () => { if (location.hash !== stage.hash) { read(); show(); } });
read();
show();

// --- choice
function preset(axis) { // both games alike but for this setting
  chosen.alone = false;
  chosen.right = chosen.left.map((value, i) => i === axis ? (value + 1) % axes[i].keys.length : value);
  if (chosen.left[axis] > chosen.right[axis]) [chosen.left, chosen.right] = [chosen.right, chosen.left];
  show();
}

function pick(number) {
  const side = chosen.alone ? "left" : $("input[name=pick]:checked").value;
  chosen[side] = valuesOf(number);
  show();
}

async function show() { // the chosen games, loaded
  const turn = ++stage.turn;
  main.dataset.ready = "";
  main.classList.toggle("alone", chosen.alone);
  two.checked = !chosen.alone;
  forms.right.hidden = picks.hidden = chosen.alone;
  forms.left.querySelector("legend").textContent = chosen.alone ? "The game" : "Left game";
  for (const side of SIDES) menus[side].forEach((menu, i) => { menu.value = chosen[side][axes.indexOf(open[i])]; });
  try {
    const loaded = await Promise.all(sides().map((side) => game(numberOf(chosen[side]))));
    if (turn !== stage.turn) return; // something else was chosen meanwhile
    stage.shown = Object.fromEntries(sides().map((side, i) => [side, loaded[i]]));
    stage.prose = sides().map(() => h("div", { class: "prose" }));
    stage.boards = Object.fromEntries(sides().map((side) => [side, board(words(chosen[side]), ["target", "points", "arrows"])]));
    boards.replaceChildren(...Object.values(stage.boards).map(({ element }, i) => { $(".numbers", element).replaceWith(stage.prose[i]); return element; }));
    message.replaceChildren();
    time.go(chosen.frame);
  } catch (error) {
    message.replaceChildren(h("p", { class: "problem", role: "alert" }, error.message));
  }
}

function draw(frame) { // both games
  chosen.frame = frame;
  for (const [side, each] of Object.entries(stage.boards)) each.update(stage.shown[side].at(Math.min(frame, stage.shown[side].frames - 1)));
  write();
  mark();
  stage.hash = address();
  history.replaceState(null, "", stage.hash);
  main.dataset.ready = "yes";
  const said = `Round ${count(rounds[frame])} of ${count(rounds[LAST])}`;
  return [said, [said, ...sides().map((side) => `${chosen.alone ? "" : `${side} `}${short(numberOf(chosen[side]))}`)].join(", ")];
}

function write() {
  sides().forEach((side, i) => {
    const { diverged, ...figures } = games[numberOf(chosen[side])], frame = Math.min(chosen.frame, figures.value.length - 1);
    stage.prose[i].replaceChildren(...frame === chosen.frame ? [] : [h("p", { class: "warning" }, `This game diverged before round ${count(diverged)}: a number was no longer finite. Shown is round ${count(rounds[frame])}.`)],
      h("p", {}, about(figures, target, frame).join(" ")));
  });
  const pair = SIDES.map((side) => ({ values: chosen[side], figures: games[numberOf(chosen[side])] }));
  comparison.textContent = chosen.alone ? "" : compared(...pair, axes, SIDES.map((side) => seeds(chosen[side])), chosen.frame).join(" ");
}

// A game after the round that is shown, in a few letters.
function short(number) {
  const jsd = games[number].divergence[chosen.frame];
  return jsd === undefined ? "diverged" : `JSD ${digits(Math.max(jsd, 0), 2)}`;
}

function seeds(values) { // the figures of these settings' games
  const seed = axes.findIndex((axis) => axis.name === "seed");
  return axes[seed].keys.map((_, i) => games[numberOf(values.with(seed, i))]);
}

// --- all games
function table() { // objectives and penalties down, k and rates across, seeds beside each other
  const place = (name) => axes.findIndex((axis) => axis.name === name);
  const pairs = (first, second) => axes[place(first)].keys.flatMap((_, i) => axes[place(second)].keys.map((_, j) => [i, j]));
  const name = (first, second, [i, j]) => [[first, i], [second, j]].filter(([axis]) => axes[place(axis)].keys.length > 1).map(([axis, value]) => axes[place(axis)].words[value]).join(", ");
  const columns = pairs("k", "rates"), rows = pairs("objective", "penalty"), luck = axes[place("seed")].keys;
  map.replaceChildren(h("table", {}, h("thead", {}, h("tr", {}, h("td", {}), columns.map((each) => h("th", { scope: "col" }, name("k", "rates", each))))),
    h("tbody", {}, rows.map((row) => h("tr", {}, h("th", { scope: "row" }, name("objective", "penalty", row)),
      columns.map((column) => h("td", {}, luck.map((_, seed) => cells[numberOf([row[0], column[0], column[1], row[1], seed])]))))))));
}

function mark() {
  cells.forEach((cell, number) => {
    const jsd = games[number].divergence[chosen.frame];
    const shown = sides().filter((side) => numberOf(chosen[side]) === number);
    cell.textContent = short(number).replace("JSD ", "");
    cell.style.setProperty("--near", jsd === undefined ? 0 : Math.max(0, 1 - jsd / Math.log(2)));
    cell.setAttribute("aria-pressed", shown.length > 0);
    cell.setAttribute("aria-label", `${words(valuesOf(number))}: ${short(number)}${shown.length ? `, shown ${shown.join(" and ")}` : ""}`);
  });
}

// --- the address
const key = (values) => axes.map((axis, i) => axis.keys[values[i]]).join("/");

function address() {
  return `#${sides().map((side) => `${side}=${key(chosen[side])}`).join("&")}&round=${rounds[chosen.frame]}`;
}

function read() {
  let text = "";
  try { text = decodeURIComponent(location.hash.slice(1)); } catch { /* not an address of ours */ }
  const said = new Map(text.split("&").map((part) => [part.slice(0, part.indexOf("=")), part.slice(part.indexOf("=") + 1)]));
  const values = (text) => (text ?? "").split("/").map((word, i) => axes[i]?.keys.indexOf(word) ?? -1);
  const known = (found) => found.length === axes.length && found.every((value) => value >= 0);
  const [left, right] = SIDES.map((side) => values(said.get(side)));
  if (known(left)) chosen.left = left;
  chosen.alone = open.length === 0 || (known(left) && !said.has("right"));
  if (known(right)) chosen.right = right;
  else if (open.length && !known(left)) chosen.right = chosen.left.map((value, i) => axes[i] === open[0] ? 1 : value);
  const frame = rounds.indexOf(Number(said.get("round")));
  if (said.has("round") && frame >= 0) chosen.frame = frame;
}
