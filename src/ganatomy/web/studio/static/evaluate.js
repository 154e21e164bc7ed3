// Scores, how they were taken, and the images that lie nearest.
import { count, digits, get, h, main, problem, runAddress, show } from "/assets/dom.js";
import { head } from "/assets/run.js";

const BETTER = { lower: "lower is better", higher: "higher is better", "as real": "best where real data has it" };
const COPIES = /memor|nearest|authentic|copy/; // scores that speak of copies

export async function page(name) {
  const { cards, wrong, pages, report } = await get(runAddress(name, "/scores"));
  const parts = wrong.map(problem);
  if (!cards.length) {
    parts.push(h("p", {}, "Nothing has been measured yet. To do so:"), h("pre", {}, `ganatomy evaluate ${name}`));
  } else {
    parts.push(h("p", {}, "Each score with its 95% interval: how far it would move with other samples of the same generator. ◆ is the score, ┃ what real data scores against itself; better than that is chance."));
  }
  const copies = cards.flatMap((card) => Object.entries(card.scores).filter(([score]) => COPIES.test(score)).map(([score, value]) => [card, score, value]));
  parts.push(...cards.toReversed().map(table));
  parts.push(h("section", {}, h("h2", {}, "Copies"),
    copies.length
      ? h("ul", {}, copies.map(([card, score, value]) => h("li", {}, `${card.name}: ${score} ${interval(value)}, real data ${digits(value.floor)}. ${Object.entries(value.details).map(told).join("; ")}`)))
      : h("p", {}, "Whether images are memorised was not measured: "),
    !copies.length && h("pre", {}, `ganatomy evaluate ${name} --metrics memorisation`),
    pages.length > 0 && h("p", { class: "quiet" }, "Generated images beside the real ones nearest to them, those closest to a real one first: a generator that has learnt by heart shows here."),
    pages.toReversed().map((card, i) => h("details", { open: i === 0 }, h("summary", {}, card),
      h("iframe", { src: runAddress(name, `/neighbours/${encodeURIComponent(card)}`), sandbox: "", loading: "lazy", title: `Nearest images, ${card}` })))));
  if (report) parts.push(h("p", {}, h("a", { href: runAddress(name, "/files/report.html"), target: "_blank", rel: "noopener" }, "The report of this run"), ", one file to send to others."));
  show(name, head(name, "/evaluate"), parts);
  main.dataset.ready = "yes";
}

const interval = (score) => `${digits(score.value)} [${digits(score.low)}, ${digits(score.high)}]`;
const told = ([key, value]) => `${key.replaceAll("_", " ")}: ${typeof value === "object" && value !== null ? Object.entries(value).map(told).join(", ") : typeof value === "number" ? digits(value) : value}`;

function table(card) {
  const rows = Object.entries(card.scores).map(([name, score]) => h("tr", {},
    h("th", { scope: "row" }, name), h("td", {}, interval(score)), h("td", {}, bar(score)), h("td", { "data-words": "real data" }, digits(score.floor)),
    h("td", { class: "quiet" }, BETTER[score.better] ?? score.better)));
  return h("section", {}, h("h2", {}, card.name), h("p", { class: "quiet" }, card.terms),
    h("table", { class: "scores" }, h("thead", {}, h("tr", {}, ["score", "value [95% interval]", "", "real data", ""].map((words) => h("th", { scope: "col" }, words)))), h("tbody", {}, rows)),
    h("details", {}, h("summary", {}, "Where these numbers come from"),
      h("dl", {}, ...flat({ of: card.subject, protocol: card.protocol, made: card.made }).flatMap(([key, value]) => [h("dt", {}, key), h("dd", {}, value)]),
        ...Object.entries(card.scores).flatMap(([name, score]) => [...Object.entries(score.settings), ...Object.entries(score.details)].flatMap((entry) => [h("dt", {}, name), h("dd", {}, told(entry))])))));
}

function flat(tree, before = "") {
  return Object.entries(tree).flatMap(([key, value]) => {
    const name = `${before}${key.replaceAll("_", " ")}`;
    if (value === null || value === undefined || value === "") return [];
    if (Array.isArray(value)) return [[name, value.join(", ")]];
    if (typeof value === "object") return flat(value, `${name}: `);
    return [[name, typeof value === "number" ? count(value) : String(value)]];
  });
}

function bar(score) { // the interval, the value and the floor on one line
  const seen = [score.low, score.high, score.value, score.floor].filter((each) => each !== null);
  const low = Math.min(...seen), high = Math.max(...seen), at = (value) => 6 + 148 * (high > low ? (value - low) / (high - low) : 0.5);
  const words = `${interval(score)}; real data ${digits(score.floor)}`;
  return h("svg:svg", { viewBox: "0 0 160 20", class: "interval", role: "img", "aria-label": words },
    h("svg:line", { class: "line generator", x1: at(score.low), x2: at(score.high), y1: 10, y2: 10 }),
    h("svg:path", { class: "value", d: `M${at(score.value)} 4 l6 6 l-6 6 l-6 -6 z` }),
    score.floor !== null && h("svg:line", { class: "floor", x1: at(score.floor), x2: at(score.floor), y1: 2, y2: 18 }));
}
