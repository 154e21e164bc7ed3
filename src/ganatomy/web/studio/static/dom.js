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

export function show(title, ...children) {
  document.title = `${title} · Ganatomy studio`;
  main.replaceChildren(...children.flat().filter(Boolean));
}

export async function ask(address, options) {
  let answer;
  try {
    answer = await fetch(address, options);
  } catch {
    throw new Error("The studio does not answer. It may have been ended: start it again with ganatomy studio.");
  }
  if (answer.ok) return answer;
  let sentence = `The studio answered with status ${answer.status}.`;
  try { sentence = (await answer.json()).error ?? sentence; } catch { /* no sentence came with it */ }
  throw Object.assign(new Error(sentence), { status: answer.status });
}

export const get = async (address) => (await ask(address)).json();

export async function order(address, body) {
  const headers = { "content-type": "application/json", "x-studio-token": $("meta[name=token]").content };
  return (await ask(address, { method: "POST", headers, body: JSON.stringify(body) })).json();
}

export const runAddress = (name, part = "") => `/api/runs/${encodeURIComponent(name)}${part}`;
export const pageAddress = (name, part = "") => `/run/${encodeURIComponent(name)}${part}`;

export function problem(error) {
  return h("p", { class: "problem", role: "alert" }, error.message ?? String(error));
}

const SIGNS = {
  running: "●", paused: "❚❚", finished: "✓", stopped: "■", failed: "✕", interrupted: "⚡", unreadable: "✕", unknown: "?",
};
export function state(name) {
  return h("span", { class: "state", "data-state": name }, h("span", { "aria-hidden": "true" }, SIGNS[name] ?? "?"), ` ${name}`);
}

export const count = (number) => Number(number).toLocaleString("en");
export function digits(number, places = 3) {
  if (number === null || number === undefined) return "–";
  const small = number !== 0 && Math.abs(number) < 1e-4;
  return (small ? number.toExponential(Math.max(places - 2, 0)) : number.toLocaleString("en", { maximumSignificantDigits: places })).replaceAll("-", "−");
}

// One request at a time; of those that come meanwhile only the last is made.
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

let plotly = null;
export function withPlotly() {
  plotly ??= new Promise((done, failed) => {
    document.head.append(h("script", { src: "/assets/plotly.js", onload: done, onerror: () => failed(new Error("The charts' script is missing.")) }));
  });
  return plotly;
}

// Calls `work` now and every so many seconds, as long as somebody looks at the page; returns how to end it.
export function every(seconds, work) {
  let timer = null, over = false;
  const round = async () => {
    if (!document.hidden) await work();
    if (!over) timer = setTimeout(round, 1000 * seconds());
  };
  round();
  return () => { over = true; clearTimeout(timer); };
}

export function field(words, input, hint) {
  return h("label", { class: "field" }, h("span", {}, words), input, hint && h("small", {}, hint));
}

export function choice(options, chosen, change) {
  const entries = Array.isArray(options) ? options.map((each) => [each, each.replaceAll("_", " ")]) : Object.entries(options);
  const select = h("select", { onchange: () => change?.(select.value) },
    entries.map(([value, words]) => h("option", { value, selected: value === chosen }, words)));
  return select;
}
