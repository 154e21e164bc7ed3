// Scores, how they were measured, and the nearest real images.
import { count, digits, get, h, interval, main, problem, runAddress, show, spaced } from "/assets/dom.js";
import { head } from "/assets/run.js";

export async function page(name) {
  const { cards, wrong, pages, report, better, copying, address } = await get(runAddress(name, "/scores"));
  const parts = wrong.map(problem);
  if (!cards.length) {
    parts.push(h("p", {}, "This run has no scores yet. To measure them:"), h("pre", {}, `ganatomy evaluate ${address}`));
  } else {
    parts.push(h("p", {}, "Each score with its 95% interval: how far it would move with other samples of the same generator. ◆ is the score, ┃ the score of real data against itself; a better score than that is chance."));
  }
  const copies = cards.flatMap((card) => Object.entries(card.scores).filter(([score]) => copying.scores.some((each) => score.startsWith(each))).map(([score, value]) => [card, score, value]));
  parts.push(...cards.toReversed().map((card) => table(card, better)));
  parts.push(h("section", {}, h("h2", {}, "Copies"),
    copies.length
      ? h("ul", {}, copies.map(([card, score, value]) => h("li", {}, `${card.name}: ${score} ${interval(value)}, real data ${digits(value.floor)}. ${Object.entries(value.details).map(described).join("; ")}`)))
      : h("p", {}, "No score tells yet whether generated images are copies of training images. To measure it:"),
    !copies.length && h("pre", {}, `ganatomy evaluate ${address} --metrics ${copying.metric}`),
    pages.length > 0 && h("p", { class: "quiet" }, "Generated images beside the real ones nearest to them, the closest pairs first. A generator that has memorised its training images shows here."),
    pages.toReversed().map((card, i) => h("details", { open: i === 0 }, h("summary", {}, card),
      h("iframe", { src: runAddress(name, `/neighbours/${encodeURIComponent(card)}`), sandbox: "", loading: "lazy", title: `Nearest images, ${card}` })))));
  if (report) parts.push(h("p", {}, h("a", { href: runAddress(name, "/files/report.html"), target: "_blank", rel: "noopener" }, "The report of this run"), " is one file that can be sent to others."));
  show(name, head(name), parts);
  main.dataset.ready = "yes";
}

const described = ([key, value]) => `${spaced(key)}: ${typeof value === "object" && value !== null ? Object.entries(value).map(described).join(", ") : typeof value === "number" ? digits(value) : value}`;

function table(card, better) {
  const rows = Object.entries(card.scores).map(([name, score]) => h("tr", {},
    h("th", { scope: "row" }, name), h("td", {}, interval(score)), h("td", {}, bar(score)), h("td", { "data-words": "real data" }, digits(score.floor)),
    h("td", { class: "quiet" }, better[score.better] ?? score.better)));
  return h("section", {}, h("h2", {}, card.name), h("p", { class: "quiet" }, card.terms),
    h("table", { class: "scores" }, h("thead", {}, h("tr", {}, ["score", "value [95% interval]", "", "real data", ""].map((title) => h("th", { scope: "col" }, title)))), h("tbody", {}, rows)),
    h("details", {}, h("summary", {}, "How these scores were measured"),
      h("dl", {}, ...flat({ of: card.subject, protocol: card.protocol, made: card.made }).flatMap(([key, value]) => [h("dt", {}, key), h("dd", {}, value)]),
        ...Object.entries(card.scores).flatMap(([name, score]) => [...Object.entries(score.settings), ...Object.entries(score.details)].flatMap((entry) => [h("dt", {}, name), h("dd", {}, described(entry))])))));
}

function flat(tree, before = "") {
  return Object.entries(tree).flatMap(([key, value]) => {
    const name = `${before}${spaced(key)}`;
    if (value === null || value === undefined || value === "") return [];
    if (Array.isArray(value)) return [[name, value.join(", ")]];
    if (typeof value === "object") return flat(value, `${name}: `);
    return [[name, typeof value === "number" ? count(value) : String(value)]];
  });
}

function bar(score) { // the interval, the value and the floor on one line
  const values = [score.low, score.high, score.value, score.floor].filter((each) => each !== null);
  const low = Math.min(...values), high = Math.max(...values), at = (value) => 6 + 148 * (high > low ? (value - low) / (high - low) : 0.5);
  const label = `${interval(score)}; real data ${digits(score.floor)}`;
  return h("svg:svg", { viewBox: "0 0 160 20", class: "interval", role: "img", "aria-label": label },
    score.low !== null && h("svg:line", { class: "line generator", x1: at(score.low), x2: at(score.high), y1: 10, y2: 10 }),
    h("svg:path", { class: "value", d: `M${at(score.value)} 4 l6 6 l-6 6 l-6 -6 z` }),
    score.floor !== null && h("svg:line", { class: "floor", x1: at(score.floor), x2: at(score.floor), y1: 2, y2: 18 }));
}
