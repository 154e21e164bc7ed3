// The course of the first hour: read, predict, run, see. What was done is kept in this browser only.
import { get, h, main, post, problem, show } from "/assets/dom.js";
import { flow } from "/assets/flow.js";
import { board } from "/assets/panels.js";
import { forget, progress, remember } from "/assets/progress.js";

const LAYERS = { forger: ["target", "points"], optimum: ["target", "field", "points"] }; // of a game's first panel, at first
const PANELS = { forger: ["points"], optimum: ["points", "discriminator", "value"], saturation: ["points"], collapse: ["points"] }; // of a game
const PACE = { forger: 350, walk: 60 }; // milliseconds between two frames, at least

export async function page(name) {
  const { steps, glossary } = await get("/api/course");
  if (!name) contents(steps, glossary); else step(steps, steps.findIndex((each) => each.name === name));
  main.dataset.ready = "yes";
}

const address = (each) => `/learn/${each.name}`;

function contents(steps, glossary) {
  const done = progress(), next = steps.find((each) => !done[each.name]) ?? steps[0], begun = steps.some((each) => done[each.name]);
  show("Learn", h("h1", {}, "The first hour"),
    h("p", {}, `${steps.length} steps, from the game of two networks to a generator that ships. In each: read three sentences, predict, run it here, and see what comes out.`),
    h("p", { class: "bar" }, h("a", { class: "button primary", href: address(next) }, begun ? `Go on with step ${steps.indexOf(next) + 1}` : "Begin"),
      begun && h("button", { type: "button", onclick: () => { forget(); contents(steps, glossary); } }, "Start over"), h("a", { href: "#glossary" }, "Glossary")),
    h("ol", { class: "steps" }, steps.map((each, i) => h("li", {}, h("a", { href: address(each) }, h("span", { class: "place" }, `${i + 1}`), h("b", {}, each.title),
      done[each.name] && h("small", {}, done[each.name].chosen === done[each.name].measured ? "✓ predicted" : "✓ done"))))),
    h("p", { class: "quiet" }, "What you have done is kept in this browser, and nowhere else. Without the studio: docs/LEARN.md has the same steps as typed commands."),
    h("section", {}, h("h2", { id: "glossary", tabindex: -1 }, "Glossary"), h("dl", { class: "glossary" }, Object.entries(glossary).flatMap(([term, sentence]) => [h("dt", {}, term), h("dd", {}, sentence)]))));
}

function step(steps, i) {
  const each = steps[i], before = steps[i - 1], after = steps[i + 1], kept = progress()[each.name];
  const run = h("button", { type: "button", class: "primary", disabled: kept === undefined, onclick: decide }, "Run it");
  const answers = each.answers.map((answer, place) => h("label", { class: "answer" }, h("input", { type: "radio", name: "answer", value: place, checked: kept?.chosen === place, onchange: () => { run.disabled = running; } }), h("span", {}, answer)));
  const seed = h("input", { type: "number", min: 0, value: 0 });
  const status = h("p", { role: "status", class: "quiet" }, "Predict first; then it can run."), stage = h("div", { class: "stage" }), result = h("section", { class: "see", "aria-live": "polite" });
  const picture = each.name === "forger" ? flow() : null;
  let running = false;
  show(each.title, h("nav", { class: "trail", "aria-label": "Steps" }, h("a", { href: "/learn" }, "The first hour"), h("ol", {}, steps.map((other, place) => h("li", {}, h("a", { href: address(other), title: other.title, "aria-label": `Step ${place + 1}: ${other.title}`, "aria-current": place === i && "step", "data-done": Boolean(progress()[other.name]) }, `${place + 1}`))))),
    h("h1", {}, each.title), h("div", { class: "course" },
      h("div", {}, h("section", {}, h("h2", {}, "Read"), each.read.map((sentence) => h("p", {}, sentence))),
        h("section", {}, h("h2", {}, "Predict"), h("fieldset", {}, h("legend", {}, each.question), answers))),
      h("section", { class: "run" }, h("h2", {}, "Run"), picture?.element, h("div", { class: "bar" }, run, h("label", {}, "seed ", seed)), status, stage), result),
    h("nav", { class: "bar steps-on", "aria-label": "Next and previous" }, before && h("a", { class: "button", href: address(before), rel: "prev" }, `← ${before.title}`), after ? h("a", { class: "button", href: address(after), rel: "next" }, `${after.title} →`) : h("a", { class: "button", href: "/lessons", rel: "next" }, "On to the lessons →"),
      h("small", { class: "quiet" }, "Keys: ← and → go to the previous and the next step.")));
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.shiftKey || event.target.closest("input, select, textarea, canvas")) return;
    const link = { ArrowLeft: "prev", ArrowRight: "next" }[event.key];
    if (link) document.querySelector(`a[rel=${link}]`)?.click();
  });
  if (kept) { reveal(kept); status.textContent = "You have run this step. It can run again."; }
  if (picture) picture.update({ z: [0.31], fake: [-0.02], of_fake: [0.5], real: [0.6], of_real: [0.5] });

  async function decide() {
    const chosen = Number(answers.map((label) => label.firstChild).find((input) => input.checked).value);
    running = run.disabled = true;
    main.dataset.running = "yes";
    stage.replaceChildren();
    result.replaceChildren();
    status.textContent = "It begins …";
    const stageOf = new Stage(each.name, stage, picture), id = crypto.randomUUID();
    const ask = (action) => post("/api/course", { page: id, step: each.name, action, seed: Number(seed.value) });
    try {
      let found = await ask("begin");
      while (!found.end) {
        if (found.gone) throw new Error("This experiment was dropped, because others were started. Run it again.");
        const began = performance.now();
        status.textContent = found.words;
        stageOf.update(found);
        const coming = ask("next");
        await new Promise((done) => setTimeout(done, Math.max(0, (PACE[each.name] ?? 0) - (performance.now() - began))));
        found = await coming;
      }
      stageOf.end();
      status.textContent = "Done.";
      const { answer: measured, told, words, figures, file, file_name: fileName } = found.end;
      const record = { chosen, measured, told, words, figures };
      remember(each.name, record);
      document.querySelector(".trail [aria-current]").dataset.done = "true";
      reveal(record, file && { content: file, name: fileName });
      result.scrollIntoView({ behavior: "smooth", block: "nearest" });
    } catch (error) { status.textContent = ""; result.replaceChildren(problem(error)); }
    running = run.disabled = false;
    main.dataset.running = "no";
  }

  function reveal({ chosen, measured, told, words, figures }, file) {
    picture?.reveal();
    const same = chosen === measured, listed = (place) => each.answers[place];
    result.replaceChildren(...[h("h2", {}, "See"),
      h("p", { class: same ? "good verdict" : "notice verdict" }, same ? `✓ As you predicted: ${listed(measured)}.` : `You predicted: ${listed(chosen)}. Measured: ${listed(measured)}.`),
      measured !== each.expected && h("p", {}, `Expected was: ${listed(each.expected)}. This trial came out otherwise; another seed may not.`),
      h("p", {}, told), words && h("p", { class: "notice" }, words),
      h("table", { class: "scores" }, h("tbody", {}, Object.entries(each.figures).map(([name, what]) => h("tr", {}, h("th", { scope: "row" }, what), h("td", {}, figures[name]))))),
      each.table.length > 0 && table(each.table),
      file && h("p", {}, h("a", { class: "button", href: file.content, download: file.name }, `Keep ${file.name}`)),
      h("details", {}, h("summary", {}, "The same, typed"), h("pre", {}, each.commands.join("\n"))),
      each.lab && h("p", {}, h("a", { class: "button", href: `/lab?${each.lab}` }, "Go on playing in the lab"))].filter(Boolean));
  }
}

function table([head, ...rows]) {
  return h("table", { class: "scores" }, h("thead", {}, h("tr", {}, head.map((title) => h("th", { scope: "col" }, title)))),
    h("tbody", {}, rows.map(([name, ...cells]) => h("tr", {}, h("th", { scope: "row" }, name), cells.map((cell, i) => h("td", { "data-words": `${head[i + 1]}:` }, cell))))));
}

// What a running step shows: boards of games, numbers that travel, or pictures with a slider through all of them.
class Stage {
  constructor(name, place, flow) {
    Object.assign(this, { name, place, flow, boards: [], frames: [] });
    this.slider = h("input", { type: "range", min: 0, "aria-label": "Picture", oninput: () => this.draw(Number(this.slider.value)) });
  }

  update({ games, flow, pictures }) {
    if (flow) this.flow.update(flow);
    games.forEach((answer, i) => {
      if (!this.boards[i]) {
        this.boards[i] = board(answer.objective, LAYERS[this.name], PANELS[this.name]);
        this.place.append(this.boards[i].element);
      }
      this.boards[i].update(answer);
    });
    if (!pictures.length) return;
    this.frames.push(pictures);
    this.draw(this.frames.length - 1);
  }

  draw(i) {
    const pictures = this.frames[i].map(({ title, source }) => h("figure", {}, h("img", { src: source, alt: title }), h("figcaption", {}, title)));
    this.place.replaceChildren(h("div", { class: "shown" }, pictures), this.frames.length > 1 ? this.slider : "");
    this.slider.max = this.frames.length - 1;
    this.slider.value = i;
  }

  end() { if (this.frames.length > 1) this.place.append(h("p", { class: "quiet" }, "The slider goes through all pictures.")); }
}
