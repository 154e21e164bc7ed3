// All runs, as cards.
import { count, every, get, h, pageAddress, problem, runAddress, show, state } from "/assets/dom.js";

export async function page() {
  const cards = h("div", { class: "cards" }), said = h("div", {});
  const filter = h("input", { type: "search", placeholder: "name, recipe, data or state", "aria-label": "Filter", oninput: draw });
  const compare = h("a", { class: "button", hidden: true });
  const words = h("p", { class: "quiet" });
  const chosen = new Set();
  let runs = [], before = "";
  show("Runs", h("div", { class: "bar" }, h("h1", {}, "Runs"), filter, compare), said, words, cards);

  function draw() {
    const wanted = filter.value.toLowerCase().split(/\s+/);
    const shown = runs.filter((run) => {
      const text = [run.name, run.recipe, run.data, run.state, run.verdict?.verdict].join(" ").toLowerCase();
      return wanted.every((word) => text.includes(word));
    });
    cards.replaceChildren(...shown.map((run) => card(run, chosen, tell)));
    words.textContent = runs.length
      ? `${count(shown.length)} of ${count(runs.length)} runs`
      : "There are no runs here yet. `ganatomy demo` makes the first; or start one with New run.";
  }

  function tell() {
    compare.hidden = chosen.size < 2;
    compare.textContent = `Compare ${chosen.size}`;
    compare.href = `/compare?${[...chosen].map((name) => `run=${encodeURIComponent(name)}`).join("&")}`;
  }

  every(() => 3, async () => {
    try {
      const answer = await get("/api/runs"), now = JSON.stringify(answer.runs);
      said.replaceChildren();
      if (now !== before) { before = now; runs = answer.runs; draw(); }
    } catch (error) { said.replaceChildren(problem(error)); }
  });
}

function card(run, chosen, tell) {
  const box = h("input", {
    type: "checkbox", checked: chosen.has(run.name), "aria-label": `Compare ${run.name}`,
    onchange: () => { chosen[box.checked ? "add" : "delete"](run.name); tell(); },
  });
  const picture = run.picture === null || run.picture === undefined
    ? h("div", { class: "nothing" }, "no pictures yet")
    : h("img", { src: runAddress(run.name, `/snapshots/${run.picture}.png`), alt: `Samples of ${run.name}`, loading: "lazy" });
  return h("article", { class: "card" },
    h("a", { href: pageAddress(run.name), class: "picture", tabindex: "-1" }, picture),
    h("div", { class: "words" },
      h("h2", {}, h("a", { href: pageAddress(run.name) }, run.name)),
      h("p", {}, state(run.state), run.step !== undefined && ` · ${count(run.step)} steps`),
      run.recipe !== undefined && h("p", { class: "quiet" }, [run.recipe, run.data].filter(Boolean).join(" · ")),
      run.verdict && h("p", { class: run.verdict.healthy ? "quiet" : "warning" }, `${run.verdict.healthy ? "✓" : "⚠"} ${run.verdict.verdict}`),
      run.problem && h("p", { class: "problem" }, run.problem),
      spark(run.curves)),
    h("label", { class: "pick" }, box, "compare"));
}

const NAMES = {
  "probability/real": ["D(x)", "discriminator"], "probability/fake": ["D(G(z))", "generator"],
  "loss/discriminator": ["D's loss", "discriminator"], "loss/generator": ["G's loss", "generator"],
  "lab/best_value": ["−log 4 + 2·JSD", "generator"],
};

function spark(curves) {
  if (!curves?.lines) return null;
  const ys = Object.values(curves.lines).flat().filter((y) => y !== null), width = 240, height = 44;
  const low = curves.half ? 0 : Math.min(...ys), high = curves.half ? 1 : Math.max(...ys);
  const [first, last] = [curves.x[0], curves.x.at(-1)];
  const at = (x, y) => `${(width * (x - first) / (last - first || 1)).toFixed(1)},${(2 + (height - 4) * (1 - (y - low) / (high - low || 1))).toFixed(1)}`;
  const lines = Object.entries(curves.lines).map(([name, line]) => h("svg:polyline", {
    class: `line ${NAMES[name][1]}`, points: line.map((y, i) => y === null ? "" : at(curves.x[i], y)).join(" "),
  }));
  const half = curves.half && h("svg:line", { class: "half", x1: 0, x2: width, y1: height / 2, y2: height / 2 });
  const ends = Object.entries(curves.lines).map(([name, line]) => `${NAMES[name][0]} ${line.findLast((y) => y !== null)?.toFixed(2).replace("-", "−") ?? "–"}`);
  return h("figure", { class: "spark" },
    h("svg:svg", { viewBox: `0 0 ${width} ${height}`, preserveAspectRatio: "none", role: "img", "aria-label": ends.join(", ") }, half, lines),
    h("figcaption", {}, ...Object.keys(curves.lines).flatMap((name, i) => [i ? " · " : "", h("span", { class: `key ${NAMES[name][1]}` }, ends[i])])));
}
