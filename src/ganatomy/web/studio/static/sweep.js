// A sweep: what it found so far, the best settings with other seeds, what decides, and its trials.
import { every, get, h, main, pageAddress, problem, runAddress, script, show, state, sweepAddress, withPlotly } from "/assets/dom.js";

export async function page(name) {
  const badge = h("span", {}), message = h("div", {}), place = h("div", {}), charts = h("section", { class: "figures" });
  const status = h("p", { class: "quiet", "aria-live": "polite" }), lists = h("div", {});
  show(name, h("div", { class: "head" }, h("h1", {}, name, " ", badge)), message, status, place, charts, lists);
  const run = (trial) => `${name}:${trial}`; // what pages call a run of this sweep
  let live = true, before = "", drawn = "", figures = [];

  async function update() {
    const seen = await get(sweepAddress(name)), now = JSON.stringify(seen);
    live = seen.state === "running";
    message.replaceChildren();
    if (now === before) return;
    before = now;
    badge.replaceChildren(state(seen.state));
    status.textContent = seen.status;
    place.replaceChildren(...summary(seen, run));
    keepingPlace(lists, () => lists.replaceChildren(...trials(seen, run)));
    figures = seen.charts.map((chart) => chart.figure);
    if (JSON.stringify(figures) !== drawn) await draw(seen.charts);
  }

  async function draw(found) {
    drawn = JSON.stringify(figures);
    charts.replaceChildren(h("h2", {}, "What decides"), ...found.map(framed));
    if (!found.length) charts.append(h("p", {}, "Too few trials have finished."));
    await withPlotly();
    await script("figures.js");
    paint();
  }

  function paint() {
    [...charts.querySelectorAll(".drawn")].forEach((element, i) => drawFigure(element, figures[i]));
  }

  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", paint);
  every(() => live ? 3 : 10, async () => {
    try {
      await update();
      main.dataset.ready = "yes";
    } catch (error) {
      message.replaceChildren(problem(error));
      live = false;
    }
  });
}

// A chart may be wider than a phone: then it is scrolled sideways, by keys as well.
const framed = (chart) => h("figure", {}, h("h3", {}, chart.title),
  h("div", { class: "scrolled", tabindex: 0, role: "group", "aria-label": chart.title }, h("div", { class: "drawn", role: "img", "aria-label": chart.words })),
  h("figcaption", {}, chart.words));

function summary(seen, run) {
  const facts = h("dl", {}, Object.entries(seen.facts).flatMap(([term, words]) => [h("dt", {}, term), h("dd", {}, words)]));
  const picture = seen.best && seen.picture !== null && h("figure", {},
    h("img", { src: runAddress(run(seen.best), `/snapshots/${seen.picture}.png`), alt: `Samples of ${seen.best}` }),
    h("figcaption", {}, h("a", { href: pageAddress(run(seen.best)) }, seen.best), " has the best settings. One seed a tile."));
  return [
    seen.conclusion && h("p", { class: "notice" }, seen.conclusion),
    h("section", { class: "two" }, h("div", {}, facts, ...commands(seen)), picture),
    seen.again && h("section", {}, h("h2", {}, "With other seeds"), h("p", {}, seen.again.words), table(seen.again, run)),
  ].filter(Boolean);
}

function commands({ command, resume, state }) {
  return [
    ...(command ? [h("h2", {}, "Train the best again"), h("pre", {}, command)] : []),
    ...(state === "stopped" ? [h("h2", {}, "Go on with the sweep"), h("pre", {}, resume)] : []),
  ];
}

function trials(seen, run) {
  return [
    h("section", {}, h("h2", {}, "Trials"), h("p", {}, seen.trials.words), table(seen.trials, run)),
    h("details", {}, h("summary", {}, "Space"), h("pre", {}, seen.space)),
    h("details", {}, h("summary", {}, "Settings of every trial"), h("pre", {}, seen.settings)),
  ];
}

function table({ heads, lines }, run) {
  const row = ({ cells: [first, ...rest], run: trial, best }) => h("tr", { class: best && "best" },
    h("th", { scope: "row" }, trial ? h("a", { href: pageAddress(run(trial)) }, first) : first), rest.map((cell) => h("td", {}, cell)));
  return h("div", { class: "scrolled", tabindex: 0, role: "group", "aria-label": "A table: scroll sideways to see all of it" },
    h("table", { class: "trials" }, h("thead", {}, h("tr", {}, heads.map((head) => h("th", { scope: "col" }, head)))), h("tbody", {}, lines.map(row))));
}

// Replaces what is shown without closing what is open, nor moving what was scrolled or has the focus.
function keepingPlace(element, replace) {
  const open = [...element.querySelectorAll("details")].map((each) => each.open);
  const sideways = [...element.querySelectorAll(".scrolled")].map((each) => each.scrollLeft);
  const focused = element.contains(document.activeElement) ? document.activeElement.getAttribute("href") ?? document.activeElement.className : null;
  replace();
  element.querySelectorAll("details").forEach((each, i) => { each.open = open[i] ?? false; });
  element.querySelectorAll(".scrolled").forEach((each, i) => { each.scrollLeft = sideways[i] ?? 0; });
  if (focused) [...element.querySelectorAll("a, .scrolled")].find((each) => (each.getAttribute("href") ?? each.className) === focused)?.focus();
}
