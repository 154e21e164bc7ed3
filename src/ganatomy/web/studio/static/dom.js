// Elements, requests, and other small things that every page needs. Text never becomes markup.

export function h(tag, properties = {}, ...children) {
  const element = tag.startsWith("svg:")
    ? document.createElementNS("http://www.w3.org/2000/svg", tag.slice(4))
    : document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (value === undefined || value === null || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (name === "value" || name === "checked") element[name] = value;
    else element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

export const $ = (selector, inside = document) => inside.querySelector(selector);
export const main = $("#main");
export const meta = (name) => $(`meta[name=${name}]`).content; // what the server says of this page

export function show(title, ...children) {
  document.title = `${title} · Ganatomy studio`;
  main.replaceChildren(...children.flat().filter(Boolean));
}

export async function request(address, options) {
  let response;
  try {
    response = await fetch(address, options);
  } catch {
    throw new Error("The studio does not answer. If it was closed, start it again: ganatomy studio.");
  }
  if (response.ok) return response;
  let sentence = `The studio answered with status ${response.status}.`;
  try { sentence = (await response.json()).error ?? sentence; } catch { /* the answer has no sentence */ }
  throw Object.assign(new Error(sentence), { status: response.status });
}

export const get = async (address) => (await request(address)).json();

export async function post(address, body) {
  const headers = { "content-type": "application/json", "x-studio-token": meta("token") };
  return (await request(address, { method: "POST", headers, body: JSON.stringify(body) })).json();
}

export const runAddress = (name, part = "") => `/api/runs/${encodeURIComponent(name)}${part}`;
export const sweepAddress = (name) => `/api/sweeps/${encodeURIComponent(name)}`;
export const pageAddress = (name) => `/run/${encodeURIComponent(name)}`;

export function problem(error) {
  return h("p", { class: "problem", role: "alert" }, error.message ?? String(error));
}

const SIGNS = {
  running: "●", paused: "❚❚", finished: "✓", stopped: "■", failed: "✕", interrupted: "⚡", unreadable: "✕", unknown: "?",
};
export function state(name) {
  return h("span", { class: "state", "data-state": name }, h("span", { "aria-hidden": "true" }, SIGNS[name] ?? "?"), ` ${name}`);
}

// A verdict of the diagnosis: what is wrong, that nothing is, or that it is not known.
export function verdictLine(health, words) {
  const [sign, kind] = { healthy: ["✓", "good"], ill: ["⚠", "warning"] }[health] ?? ["…", "quiet"];
  return h("p", { class: kind }, `${sign} ${words}`);
}

export const spaced = (name) => name.replaceAll("_", " "); // an option's name, as people read it
export const count = (number) => Number(number).toLocaleString("en");
export const interval = ({ value, low, high }) => `${digits(value)} [${low === null ? "too few images" : `${digits(low)}, ${digits(high)}`}]`; // of a score

export function digits(number, places = 3) {
  if (number === null || number === undefined) return "–";
  const small = number !== 0 && Math.abs(number) < 1e-4;
  return (small ? number.toExponential(Math.max(places - 2, 0)) : number.toLocaleString("en", { maximumSignificantDigits: places })).replaceAll("-", "−");
}

// One call at a time; of the calls made meanwhile, only the last one follows.
export function latest(work) {
  let busy = false, next = null;
  return async function run(...given) {
    if (busy) { next = given; return; }
    busy = true;
    try { await work(...given); } finally {
      busy = false;
      if (next) { const again = next; next = null; run(...again); }
    }
  };
}

const scripts = {};
export function script(name) { // one that is no module, loaded once
  scripts[name] ??= new Promise((done, failed) => {
    document.head.append(h("script", { src: `/assets/${name}`, onload: done, onerror: () => failed(new Error("The script that draws charts could not be loaded.")) }));
  });
  return scripts[name];
}
export const withPlotly = () => script("plotly.js");

// Calls `work` now and every so many seconds while the page is visible; returns a function that ends it.
export function every(seconds, work) {
  let timer = null, over = false;
  const round = async () => {
    if (!document.hidden) await work();
    if (!over) timer = setTimeout(round, 1000 * seconds());
  };
  round();
  return () => { over = true; clearTimeout(timer); };
}

export function field(label, input, hint) {
  return h("label", { class: "field" }, h("span", {}, label), input, hint && h("small", {}, hint));
}

// A menu of {value: label}; change: called with the chosen value.
export function choice(options, chosen, change) {
  const select = h("select", { onchange: () => change?.(select.value) },
    Object.entries(options).map(([value, label]) => h("option", { value, selected: value === chosen }, label)));
  return select;
}
