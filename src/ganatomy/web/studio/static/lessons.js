// The claims as lessons: predict, run, explain.
import { digits, get, h, main, order, problem, show } from "/assets/dom.js";

const KEPT = "ganatomy-lessons"; // in this browser: which were done, and how

export async function page(name) {
  const { lessons } = await get("/api/lessons");
  if (!name) { list(lessons); return; }
  const i = lessons.findIndex((each) => each.claim === name);
  if (i < 0) throw new Error(`There is no lesson called ${name}.`);
  lesson(lessons[i], i, lessons);
}

function kept() {
  try { return JSON.parse(localStorage.getItem(KEPT)) ?? {}; } catch { return {}; }
}

function list(lessons) {
  const done = kept();
  show("Lessons", h("h1", {}, "Lessons"),
    h("p", {}, `What the articles and papers say of these games, as ${lessons.length} questions. Predict the answer, let an experiment decide, and see why.`),
    h("ol", { class: "lessons" }, lessons.map((each) => h("li", {}, h("a", { href: `/lessons/${each.claim}` }, h("b", {}, each.title), h("span", {}, each.question)),
      done[each.claim] !== undefined && h("small", {}, done[each.claim] ? "✓ predicted" : "✓ learnt")))));
  main.dataset.ready = "yes";
}

function lesson(each, i, lessons) {
  const answers = each.answers.map((words, place) => h("label", { class: "answer" }, h("input", { type: "radio", name: "answer", value: place, onchange: () => { run.disabled = false; } }), h("span", {}, words)));
  const run = h("button", { type: "button", disabled: true, onclick: decide }, "Run the experiment");
  const again = h("input", { type: "number", min: 0, value: 0, "aria-label": "Seed" });
  const result = h("section", { "aria-live": "polite" });
  const chosen = () => Number(answers.map((label) => label.firstChild).find((input) => input.checked).value);
  show(each.title, h("p", { class: "quiet" }, h("a", { href: "/lessons" }, "Lessons"), ` · ${i + 1} of ${lessons.length}`), h("h1", {}, each.title),
    h("section", {}, h("h2", {}, "1 · Predict"), h("fieldset", {}, h("legend", {}, each.question), answers)),
    h("section", {}, h("h2", {}, "2 · Run"), h("div", { class: "bar" }, run, h("label", {}, "seed ", again))), result);
  main.dataset.ready = "yes";

  async function decide() {
    run.disabled = true;
    const began = performance.now(), clock = h("p", { class: "notice", role: "status" });
    result.replaceChildren(clock);
    const timer = setInterval(() => { clock.textContent = `The experiment runs: ${Math.round((performance.now() - began) / 1000)} s. It takes from a second to two minutes.`; }, 250);
    try {
      const found = await order("/api/lesson", { claim: each.claim, seed: Number(again.value) });
      tell(found);
    } catch (error) { result.replaceChildren(problem(error)); }
    clearInterval(timer);
    run.disabled = false;
  }

  function tell(found) {
    const predicted = chosen() === each.right;
    try { localStorage.setItem(KEPT, JSON.stringify({ ...kept(), [each.claim]: predicted })); } catch { /* private windows keep nothing */ }
    const rows = found.figures.map((figure) => h("tr", {}, h("th", { scope: "row" }, figure.name), h("td", { "data-words": "predicted" }, figure.predicted), h("td", { "data-words": "must be" }, figure.must), h("td", { "data-words": "measured" }, digits(figure.value)), h("td", { "data-words": "is so" }, figure.holds ? "✓ yes" : "✕ no")));
    const next = lessons[i + 1];
    result.replaceChildren(
      h("p", { class: found.holds ? "good verdict" : "warning verdict" }, found.holds ? "✓ The claim holds." : "✕ In this small trial the claim does not hold. Its verdict is over five seeds of the whole experiment: ganatomy claims."),
      h("p", {}, predicted ? "You predicted it." : `You predicted: ${each.answers[chosen()]} The claim says: ${each.answers[each.right]}`),
      h("figure", {}, h("img", { src: found.picture, alt: found.sentence, class: "evidence" })),
      h("table", { class: "scores" }, h("thead", {}, h("tr", {}, ["figure", "predicted", "must be", "measured", "is so"].map((words) => h("th", { scope: "col" }, words)))), h("tbody", {}, rows)),
      h("h2", {}, "3 · Explain"), h("blockquote", {}, found.sentence), h("p", {}, each.because), h("p", { class: "quiet" }, `${found.source}. One quick trial, ${found.seconds} s.`),
      h("p", { class: "bar" }, each.lab && h("a", { class: "button", href: `/lab?${each.lab}` }, "Play with it in the lab"), next && h("a", { class: "button", href: `/lessons/${next.claim}` }, `Next: ${next.title}`)));
    result.scrollIntoView({ behavior: "smooth", block: "nearest" });
  }
}
