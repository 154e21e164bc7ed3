// All runs: their summaries, a filter, and a choice of some to compare.
import { count, every, get, h, pageAddress, problem, runAddress, show, state, verdictLine } from "/assets/dom.js";

export async function page() {
  const cards = h("div", { class: "cards" }), message = h("div", {});
  const filter = h("input", { type: "search", placeholder: "name, recipe, data or state", "aria-label": "Filter", oninput: draw });
  const compare = h("a", { class: "button", hidden: true });
  const number = h("p", { class: "quiet" });
  const chosen = new Set();
  const sweeps = h("section", { class: "sweeps", hidden: true });
  let runs = [], before = "";
  show("Runs", h("div", { class: "bar" }, h("h1", {}, "Runs"), filter, compare), message, sweeps, number, cards);

  function draw() {
    const wanted = filter.value.toLowerCase().split(/\s+/);
    const shown = runs.filter((run) => {
      const text = [run.name, run.recipe, run.data, run.state, run.verdict].join(" ").toLowerCase();
      return wanted.every((word) => text.includes(word));
    });
    cards.replaceChildren(...shown.map((run) => card(run, chosen, update)));
    number.textContent = runs.length
      ? `${count(shown.length)} of ${count(runs.length)} runs`
      : "There are no runs yet. Start one with New run, or on the command line: ganatomy demo.";
  }

  function update() {
    compare.hidden = chosen.size < 2;
    compare.textContent = `Compare ${chosen.size}`;
    compare.href = `/compare?${[...chosen].map((name) => `run=${encodeURIComponent(name)}`).join("&")}`;
  }

  every(() => 3, async () => {
    try {
      const answer = await get("/api/runs"), now = JSON.stringify(answer.runs);
      message.replaceChildren();
      if (now !== before) { before = now; runs = answer.runs; draw(); }
      list(sweeps, (await get("/api/sweeps")).sweeps);
    } catch (error) { message.replaceChildren(problem(error)); }
  });
}

function list(place, sweeps) {
  const now = JSON.stringify(sweeps);
  if (place.dataset.shown === now) return;
  place.dataset.shown = now;
  place.hidden = !sweeps.length;
  place.replaceChildren(h("h2", {}, "Sweeps"), h("ul", {}, sweeps.map((sweep) => h("li", {},
    h("p", {}, h("a", { href: `/sweeps/${encodeURIComponent(sweep.name)}` }, sweep.name), " ", state(sweep.state), sweep.status && h("span", { class: "quiet" }, ` · ${sweep.status}`)),
    sweep.conclusion && h("p", { class: "quiet" }, sweep.conclusion),
    sweep.problem && h("p", { class: "problem" }, sweep.problem)))));
}

export function card(run, chosen = null, update = null) { // chosen: names of those to compare
  const box = chosen && h("input", {
    type: "checkbox", checked: chosen.has(run.name), "aria-label": `Compare ${run.name}`,
    onchange: () => { chosen[box.checked ? "add" : "delete"](run.name); update(); },
  });
  const picture = run.picture === null
    ? h("div", { class: "nothing" }, "no samples yet")
    : h("img", { src: runAddress(run.name, `/snapshots/${run.picture}.png`), alt: `Samples of ${run.name}`, loading: "lazy" });
  return h("article", { class: "card" },
    h("a", { href: pageAddress(run.name), class: run.lab ? "picture of-lab" : "picture", tabindex: "-1" }, picture),
    h("div", { class: "words" },
      h("h2", {}, h("a", { href: pageAddress(run.name) }, run.name)),
      h("p", {}, state(run.state), run.step !== null && ` · ${count(run.step)} steps`),
      h("p", { class: "quiet" }, [run.recipe, run.data].filter(Boolean).join(" · ")),
      run.verdict && verdictLine(run.health, run.verdict),
      run.problem && h("p", { class: "problem" }, run.problem),
      sparkline(run.curves)),
    chosen && h("label", { class: "pick" }, box, "compare"));
}

function sparkline({ x, lines, half }) {
  if (!lines) return null;
  const ys = lines.flatMap((line) => line.y).filter((y) => y !== null), width = 240, height = 44;
  const low = half ? 0 : Math.min(...ys), high = half ? 1 : Math.max(...ys), first = x[0], last = x.at(-1);
  const at = (x, y) => `${(width * (x - first) / (last - first || 1)).toFixed(1)},${(2 + (height - 4) * (1 - (y - low) / (high - low || 1))).toFixed(1)}`;
  const drawn = lines.map((line) => h("svg:polyline", {
    class: `line ${line.role}`, points: line.y.map((y, i) => y === null ? "" : at(x[i], y)).join(" "),
  }));
  const middle = half && h("svg:line", { class: "half", x1: 0, x2: width, y1: height / 2, y2: height / 2 });
  const ends = lines.map((line) => `${line.name} ${line.y.findLast((y) => y !== null)?.toFixed(2).replace("-", "−") ?? "–"}`);
  return h("figure", { class: "spark" },
    h("svg:svg", { viewBox: `0 0 ${width} ${height}`, preserveAspectRatio: "none", role: "img", "aria-label": ends.join(", ") }, middle, drawn),
    h("figcaption", {}, lines.flatMap((line, i) => [i ? " · " : "", h("span", { class: `key ${line.role}` }, ends[i])])));
}
