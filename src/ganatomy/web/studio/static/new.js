// A form for a new run, and the command that it stands for.
import { choice, field, get, h, latest, main, pageAddress, post, problem, runAddress, show } from "/assets/dom.js";

export async function page() {
  const { recipes, preset, fields, startable } = await get("/api/recipes");
  const inputs = Object.fromEntries(fields.map(({ name, value, placeholder, pattern }) => [name, h("input", { name, value, placeholder, pattern: pattern || null, autocomplete: "off", oninput: () => update() })]));
  const settings = h("textarea", { rows: 3, placeholder: "training.batch=32", oninput: () => update() });
  const conditional = h("input", { type: "checkbox", onchange: () => update() });
  const summary = h("small", {}, recipes[preset]);
  const recipe = choice(Object.fromEntries(Object.keys(recipes).map((name) => [name, name])), preset, (name) => { summary.textContent = recipes[name]; update(); });
  const command = h("pre", { class: "command", "aria-live": "polite" }), message = h("div", {});
  const start = h("button", { disabled: !startable }, "Start");
  const filled = () => ({ ...Object.fromEntries(Object.entries(inputs).map(([name, input]) => [name, input.value])), recipe: recipe.value, settings: settings.value, conditional: conditional.checked });

  const update = latest(async () => {
    try {
      command.textContent = (await post("/api/command", filled())).command;
      message.replaceChildren();
      start.disabled = !startable;
    } catch (error) { message.replaceChildren(problem(error)); start.disabled = true; }
  });

  const form = h("form", { class: "form", novalidate: true, onsubmit: async (event) => {
    event.preventDefault();
    start.disabled = true;
    try {
      const { ticket, name } = await post("/api/command", { ...filled(), start: true });
      await waitFor(ticket, name, message);
    } catch (error) { message.replaceChildren(problem(error)); start.disabled = false; }
  } });
  const labelled = fields.map(({ name, label, hint }) => field(label, inputs[name], hint));
  form.append(labelled[0], h("label", { class: "field" }, h("span", {}, "Recipe"), recipe, summary), ...labelled.slice(1),
    h("label", { class: "field check" }, conditional, h("span", {}, "Conditional: generate by class")),
    field("Other options, one per line", settings),
    h("div", { class: "wide" }, h("p", { class: "quiet" }, "The same on the command line:"), command, message, start));
  show("New run", h("h1", {}, "New run"), !startable && h("p", { class: "notice" }, "This studio cannot start trainings; copy the command instead."), form);
  await update();
  main.dataset.ready = "yes";
}

// Until the run has a folder, or its process has ended without one.
async function waitFor(ticket, name, message) {
  for (;;) {
    const progress = await get(`/api/started/${ticket}`);
    message.replaceChildren(h("p", { class: "notice" }, progress.running ? "Started. It prepares the images, and measures what is fastest on this machine …" : "The training has ended."), h("pre", {}, progress.output));
    try { await get(runAddress(name)); location.assign(pageAddress(name)); return; } catch (error) { if (error.status !== 404) throw error; }
    if (!progress.running) throw new Error(progress.output.trim().split("\n").at(-1) || "The training ended without output.");
    await new Promise((done) => setTimeout(done, 700));
  }
}
