// A new run from a form, and the command that it is.
import { choice, field, get, h, latest, main, order, pageAddress, problem, runAddress, show } from "/assets/dom.js";

export async function page() {
  const { recipes, startable } = await get("/api/recipes");
  const input = (properties) => h("input", { autocomplete: "off", ...properties, oninput: () => command() });
  const fields = {
    data: input({ value: "digits", required: true }), name: input({ placeholder: "RECIPE-001" }), size: input({ inputmode: "numeric" }),
    minutes: input({ inputmode: "decimal", value: "1.5" }), steps: input({ inputmode: "numeric" }), seed: input({ inputmode: "numeric" }),
    settings: h("textarea", { rows: 3, placeholder: "training.batch=32", oninput: () => command() }),
  };
  const conditional = h("input", { type: "checkbox", onchange: () => command() });
  const about = h("small", {});
  const recipe = choice(Object.fromEntries(Object.keys(recipes).map((name) => [name, name])), "digits", () => { about.textContent = recipes[recipe.value]; command(); });
  about.textContent = recipes[recipe.value];
  const line = h("pre", { class: "command", "aria-live": "polite" }), said = h("div", {});
  const start = h("button", { disabled: !startable }, "Start");
  const filled = () => ({ ...Object.fromEntries(Object.entries(fields).map(([name, each]) => [name, each.value])), recipe: recipe.value, conditional: conditional.checked });

  const command = latest(async () => {
    try {
      line.textContent = (await order("/api/command", filled())).command;
      said.replaceChildren();
      start.disabled = !startable;
    } catch (error) { said.replaceChildren(problem(error)); start.disabled = true; }
  });

  const form = h("form", { class: "form", onsubmit: async (event) => {
    event.preventDefault();
    start.disabled = true;
    try {
      const { ticket, name } = await order("/api/command", { ...filled(), start: true });
      await follow(ticket, name, said);
    } catch (error) { said.replaceChildren(problem(error)); start.disabled = false; }
  } },
  field("Images", fields.data, "A folder, a zip, an array file or a named set"), h("label", { class: "field" }, h("span", {}, "Recipe"), recipe, about),
  field("Name", fields.name), field("Size in pixels", fields.size, "64, or 48x64; empty: as the images are"), field("Minutes", fields.minutes),
  field("Steps", fields.steps), field("Seed", fields.seed), h("label", { class: "field check" }, conditional, h("span", {}, "By class")),
  field("Any other option, one a line", fields.settings));
  form.append(h("div", { class: "wide" }, h("p", { class: "quiet" }, "The same on the command line:"), line, said, start));
  show("New run", h("h1", {}, "New run"), !startable && h("p", { class: "notice" }, "Here trainings are not started from a page; type the command."), form);
  await command();
  main.dataset.ready = "yes";
}

// Until the run has a folder, or the process has ended without one.
async function follow(ticket, name, said) {
  for (;;) {
    const how = await get(`/api/started/${ticket}`);
    said.replaceChildren(h("p", { class: "notice" }, how.running ? "Started; preparing the images and measuring what is fastest here …" : "It has ended."), h("pre", {}, how.said));
    try { await get(runAddress(name)); location.assign(pageAddress(name)); return; } catch (error) { if (error.status !== 404) throw error; }
    if (!how.running) throw new Error(how.said.trim().split("\n").at(-1) || "It ended without a word.");
    await new Promise((done) => setTimeout(done, 700));
  }
}
