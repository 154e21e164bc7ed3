// Several runs: curves in one chart, grids side by side.
import { count, get, h, interval, main, pageAddress, problem, runAddress, show, state, withPlotly } from "/assets/dom.js";
import { framed, whole } from "/assets/run.js";

const MOST = 6;
const COLOURS = ["discriminator", "generator", "other0", "other1", "other2", "neutral"]; // of colours.css
const RUN_DASHES = ["solid", "6px,2px", "2px,2px", "10px,3px,2px,3px", "1px,3px", "12px,4px"];

export async function page() {
  const names = new URLSearchParams(location.search).getAll("run").slice(0, MOST);
  if (names.length < 2) { show("Compare", h("h1", {}, "Compare"), h("p", {}, "Choose two or more runs in the list of runs.")); return; }
  const found = await Promise.all(names.map(async (name, i) => {
    try {
      const [run, snapshots, scores] = await Promise.all([whole(name), get(runAddress(name, "/snapshots")), get(runAddress(name, "/scores"))]);
      return { name, i, run, steps: snapshots.steps, card: scores.cards.at(-1) };
    } catch (error) { return { name, i, error }; }
  }));
  const good = found.filter((each) => !each.error);
  const grids = h("div", { class: "grids" }, found.map(grid));
  const place = h("section", { class: "charts" });
  show("Compare", h("h1", {}, "Compare"), grids, place);
  await withPlotly();
  const titles = [...new Set(good.flatMap((each) => [...each.run.charts, ...each.run.scores].map((chart) => chart.title)))];
  for (const title of titles) overlay(place, title, good);
  main.dataset.ready = "yes";
}

function grid({ name, i, run, steps, card, error }) {
  const key = h("svg:svg", { class: "swatch", viewBox: "0 0 40 6", "aria-hidden": "true" }, h("svg:line", { x1: 0, x2: 40, y1: 3, y2: 3, stroke: style(COLOURS[i]), "stroke-width": 3, "stroke-dasharray": RUN_DASHES[i] === "solid" ? "" : RUN_DASHES[i].replaceAll("px", "") }));
  return h("figure", {},
    error ? problem(error) : steps.length ? framed(h("img", { src: runAddress(name, `/snapshots/${steps.at(-1)}.png`), alt: `Samples of ${name}` }), run.lab) : h("p", { class: "nothing" }, "no samples yet"),
    h("figcaption", {}, key, " ", h("a", { href: pageAddress(name) }, name), run && [" ", state(run.state), ` · ${count(Math.max(run.step ?? 0, run.done))} steps`],
      card && h("div", { class: "quiet" }, Object.entries(card.scores).slice(0, 3).map(([score, value]) => `${score} ${interval(value)}`).join(" · "))));
}

function overlay(place, title, runs) {
  const chart = runs.flatMap((each) => [...each.run.charts, ...each.run.scores]).find((each) => each.title === title);
  const curves = [...new Set(runs.flatMap((each) => series(each, title).map((curve) => curve.name)))];
  const section = h("div", { class: "overlaid" });
  place.append(h("figure", {}, h("h3", {}, title), section));
  const places = curves.map((name) => {
    const element = h("div", { class: "chart", role: "img", "aria-label": `${title}: ${name}` });
    section.append(h("div", {}, h("p", { class: "quiet" }, name), element));
    return element;
  });
  curves.forEach((name, i) => draw(places[i], chart, name, runs, title)); // when all are there, and have their widths
}

function draw(element, chart, name, runs, title) {
  const lines = runs.flatMap((each) => series(each, title).filter((curve) => curve.name === name).map((curve) => ({
    x: curve.x, y: curve.y, name: safe(each.name), mode: "lines", line: { color: style(COLOURS[each.i]), width: 1.3, dash: RUN_DASHES[each.i] },
  })));
  const last = Math.max(1, ...lines.map((line) => line.x.at(-1) ?? 0));
  const role = chart.data.series.find((curve) => curve.name === name)?.role;
  const levels = (chart.data.levels ?? []).filter((level) => level.role === "neutral" || level.role === role);
  const drawn = layout({ ...chart.data, levels, series: lines }, [0, last], element.clientWidth, []);
  Plotly.newPlot(element, lines, { ...drawn, showlegend: false }, { displayModeBar: false, responsive: true });
}

const series = (each, title) => [...each.run.charts, ...each.run.scores].find((chart) => chart.title === title)?.data.series ?? [];
