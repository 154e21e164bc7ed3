// Sliders, and those along the directions of a run.
import { count, h, problem } from "/assets/dom.js";

const signed = (value) => `${value > 0 ? "+" : ""}${value.toFixed(1)}`.replace("-", "−");

// shown: a value in words; change: called with the value that somebody chose.
export function slider(label, [least, most, step], begin, shown, change) {
  const value = h("b", {}); // not an output element: the label would belong to it, not to the slider
  const input = h("input", { type: "range", min: least, max: most, step, value: begin, oninput: () => { set(Number(input.value)); change(Number(input.value)); } });
  const set = (to) => {
    input.value = to;
    value.textContent = shown(to);
    input.setAttribute("aria-valuetext", shown(to));
  };
  set(begin);
  return { element: h("label", { class: "field slider" }, h("span", {}, label, " ", value), input), set };
}

// A slider for each label, from −reach to reach, and a button that sets all to 0; change: called with all values.
export function sliders(labels, reach, unit, change) {
  const values = labels.map(() => 0), changed = () => change([...values]);
  const all = labels.map((label, i) => slider(label, [-reach, reach, 0.1], 0, (value) => `${signed(value)} ${unit}`, (value) => { values[i] = value; changed(); }));
  const reset = h("button", { type: "button", onclick: () => {
    values.fill(0);
    for (const each of all) each.set(0);
    changed();
  } }, "Reset directions");
  return [...all.map((each) => each.element), h("p", { class: "bar" }, reset)];
}

// found: the directions of a run, as a generator's description has them; change: called with the units along each that
// is not at 0.
export function named(found, run, change) {
  const element = h("section", { class: "directions", "aria-label": "Directions" }, h("h2", {}, "Directions"));
  if (found.problem) element.append(problem(found.problem));
  if (!found.names.length) {
    element.append(h("p", { class: "quiet" }, "This command finds directions along which images change; it can also find one to each class, or between images that you sort. They are kept with the run, and get sliders here:"), h("pre", {}, `ganatomy directions ${run}`));
    return element;
  }
  const labels = found.names.map((name, i) => title(name, found.shares[i])), unseen = found.all - found.names.length;
  element.append(
    ...sliders(labels, found.reach, "units", (values) => change(Object.fromEntries(found.names.map((name, i) => [name, values[i]]).filter(([, units]) => units)))),
    h("p", { class: "quiet" },
      found.step !== null && `Found with the generator of step ${count(found.step)}. `,
      unseen > 0 && `The file has ${count(unseen)} more: ganatomy sample --move takes them.`));
  return element;
}

const title = (name, share) => `${/^\d+$/.test(name) ? `Direction ${name}` : name}${share === null ? "" : ` (${Math.round(100 * share)}% of the variance)`}`;
