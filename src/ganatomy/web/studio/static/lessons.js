// The claims as lessons: predict, run, explain.
import { get, h, main, post, problem, show } from "/assets/dom.js";
import { pictogram } from "/assets/pictograms.js";

const STORED = "ganatomy-lessons"; // in this browser: which lessons were done, and whether the prediction was right

export async function page(name) {
  const { lessons, themes } = await get("/api/lessons");
  if (!name) { list(lessons, themes); return; }
  const i = lessons.findIndex((each) => each.claim === name);
  if (i < 0) throw new Error(`There is no lesson called ${name}.`);
  lesson(lessons[i], i, lessons);
}

function stored() {
  try { return JSON.parse(localStorage.getItem(STORED)) ?? {}; } catch { return {}; }
}

function list(lessons, themes) {
  const done = stored();
  show("Lessons", h("h1", {}, "Lessons"),
    h("p", {}, `The claims of the articles and papers on GANs, as ${lessons.length} questions. Predict the answer, let an experiment decide, and read why.`),
    Object.entries(themes).map(([theme, title]) => h("section", { class: "theme" }, pictogram(theme), h("div", {}, h("h2", {}, title),
      h("ol", { class: "lessons" }, lessons.filter((each) => each.theme === theme).map((each) => h("li", {}, h("a", { href: `/lessons/${each.claim}` }, each.picture && h("img", { src: `/assets/${each.picture}`, alt: "", loading: "lazy" }), h("b", {}, each.title), h("span", {}, each.question)),
        done[each.claim] !== undefined && h("small", {}, done[each.claim] ? "✓ predicted" : "✓ done"))))))));
  main.dataset.ready = "yes";
}

function lesson(each, i, lessons) {
  const answers = each.answers.map((answer, place) => h("label", { class: "answer" }, h("input", { type: "radio", name: "answer", value: place, onchange: () => { run.disabled = false; } }), h("span", {}, answer)));
  const run = h("button", { type: "button", disabled: true, onclick: decide }, "Run the experiment");
  const seed = h("input", { type: "number", min: 0, value: 0, "aria-label": "Seed" });
  const result = h("section", { "aria-live": "polite" });
  const chosen = () => Number(answers.map((label) => label.firstChild).find((input) => input.checked).value);
  show(each.title, h("p", { class: "quiet" }, h("a", { href: "/lessons" }, "Lessons"), ` · ${i + 1} of ${lessons.length}`), h("h1", {}, each.title),
    h("section", {}, h("h2", {}, "1 · Predict"), h("fieldset", {}, h("legend", {}, each.question), answers)),
    h("section", {}, h("h2", {}, "2 · Run"), h("div", { class: "bar" }, run, h("label", {}, "seed ", seed))), result);
  main.dataset.ready = "yes";

  async function decide() {
    run.disabled = true;
    const began = performance.now(), clock = h("p", { class: "notice", role: "status" });
    result.replaceChildren(clock);
    const timer = setInterval(() => { clock.textContent = `The experiment has run for ${Math.round((performance.now() - began) / 1000)} s. It takes between a second and two minutes.`; }, 250);
    try {
      const found = await post("/api/lesson", { claim: each.claim, seed: Number(seed.value) });
      present(found);
    } catch (error) { result.replaceChildren(problem(error)); }
    clearInterval(timer);
    run.disabled = false;
  }

  function present(found) {
    const predicted = chosen() === each.right;
    try { localStorage.setItem(STORED, JSON.stringify({ ...stored(), [each.claim]: predicted })); } catch { /* private windows store nothing */ }
    const rows = found.figures.map((figure) => h("tr", {}, h("th", { scope: "row" }, figure.name), h("td", { "data-words": "predicted" }, figure.predicted), h("td", { "data-words": "must be" }, figure.must), h("td", { "data-words": "measured" }, figure.value), h("td", { "data-words": "holds" }, figure.holds ? "✓ yes" : "✕ no")));
    const next = lessons[i + 1];
    result.replaceChildren(
      h("p", { class: found.holds ? "good verdict" : "warning verdict" }, found.holds ? "✓ The claim holds." : "✕ The claim does not hold in this quick trial. The full experiment decides it over several seeds: ganatomy claims."),
      h("p", {}, predicted ? "Your prediction was right." : `Your prediction: ${each.answers[chosen()]}. The claim: ${each.answers[each.right]}.`),
      h("figure", {}, h("img", { src: found.picture, alt: found.sentence, class: "picture-of-trial" })),
      h("table", { class: "scores" }, h("thead", {}, h("tr", {}, ["figure", "predicted", "must be", "measured", "holds"].map((title) => h("th", { scope: "col" }, title)))), h("tbody", {}, rows)),
      h("h2", {}, "3 · Explain"), h("blockquote", {}, found.sentence), h("p", {}, each.because), h("p", { class: "quiet" }, `${found.source}. One quick trial, ${found.seconds} s.`),
      each.see && h("p", {}, `In the lab: ${each.see}`),
      h("p", { class: "bar" }, each.lab && h("a", { class: "button", href: `/lab?${each.lab}` }, "Play with it in the lab"), next && h("a", { class: "button", href: `/lessons/${next.claim}` }, `Next: ${next.title}`)));
    result.scrollIntoView({ behavior: "smooth", block: "nearest" });
  }
}
