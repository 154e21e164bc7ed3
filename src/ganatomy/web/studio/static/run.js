// What the pages of a run have in common: its name, its tabs, and its charts.
import { get, h, meta, runAddress, withPlotly } from "/assets/dom.js";

export function head(name, more = []) {
  const tabs = JSON.parse(meta("tabs")).map(([path, title]) => {
    const address = path.replace("{name}", encodeURIComponent(name));
    return h("a", { href: address, "aria-current": address === location.pathname ? "page" : undefined }, title);
  });
  return h("div", { class: "head" }, h("h1", {}, name, " ", ...more), h("nav", { class: "tabs", "aria-label": "Run" }, tabs));
}

// A picture of samples: a grid of images or, of a game of the lab, six panels on paper, which need their width.
export const framed = (image, lab) => lab
  ? h("div", { class: "plotted", tabindex: 0, role: "group", "aria-label": "Six panels, side by side: scroll sideways to see them all" }, image)
  : image;

// When something was wrong: [from, to], to null where it still is.
export const shades = (diagnosis) => (diagnosis?.findings ?? []).map((each) => [each.began, each.until]);

// Charts that grow point by point, zoom together, and keep their zoom.
export class Charts {
  constructor(place) {
    this.place = place;
    this.known = new Map(); // title → { chart, element, figure, layout }
    this.range = null; // the zoom
    this.cursor = null;
    this.marks = [];
    this.shades = [];
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.draw());
  }

  set(charts) {
    for (const [title, entry] of this.known) {
      if (!charts.some((chart) => chart.title === title)) { entry.figure.remove(); this.known.delete(title); }
    }
    this.put(charts);
  }

  add(charts) { // new points of the same charts
    for (const chart of charts) {
      const entry = this.known.get(chart.title);
      if (!entry) { this.put([chart]); continue; }
      for (const curve of chart.data.series) {
        const old = entry.chart.data.series.find((each) => each.name === curve.name);
        if (!old) { entry.chart.data.series.push(curve); continue; }
        for (const [into, from] of [[old, curve], [old.low, curve.low], [old.high, curve.high]]) {
          if (into && from) { into.x = into.x.concat(from.x); into.y = into.y.concat(from.y); }
        }
      }
    }
  }

  get points() {
    return Math.max(0, ...[...this.known.values()].flatMap(({ chart }) => chart.data.series.map((curve) => curve.x.length)));
  }

  put(charts) { // whole charts, in place of the old ones
    for (const chart of charts) (this.known.get(chart.title) ?? this._place(chart)).chart = chart;
  }

  _place(chart) {
    const element = h("div", { class: "chart", role: "img", "aria-label": chart.title });
    const figure = h("figure", {}, h("h3", {}, chart.title), element, h("figcaption", {}, chart.words));
    this.place.append(figure);
    const entry = { chart, element, figure };
    this.known.set(chart.title, entry);
    return entry;
  }

  async draw() {
    await withPlotly();
    const all = [...this.known.values()];
    const last = Math.max(1, ...all.flatMap(({ chart }) => chart.data.series.map((curve) => curve.x.at(-1) ?? 0)));
    const range = this.range ?? [0, last];
    for (const entry of all) {
      const { chart, element } = entry;
      const data = { ...chart.data, shades: chart.data.shades ?? this.shades.map(([from, to]) => [from, to ?? last]) };
      const fresh = !element.on;
      entry.layout = () => layout(data, [...range], element.clientWidth, this._lines());
      Plotly.react(element, traces(data), entry.layout(), { displayModeBar: false, responsive: true, doubleClick: false });
      if (!fresh) continue;
      element.on("plotly_relayout", (change) => {
        if (change["xaxis.range[0]"] === undefined) return;
        this.range = [change["xaxis.range[0]"], change["xaxis.range[1]"]];
        this.draw();
      });
      element.on("plotly_doubleclick", () => {
        this.range = null;
        Plotly.relayout(element, { "yaxis.autorange": !data.range }).then(() => this.draw());
      });
    }
  }

  _lines() { // upright ones
    return this.cursor === null ? this.marks : [...this.marks, { x: this.cursor, dash: "solid" }];
  }

  point(step) { // marks a step in every chart, at most once per frame
    this.cursor = step;
    if (this.waiting) return;
    this.waiting = true;
    requestAnimationFrame(() => {
      this.waiting = false;
      for (const { element, layout } of this.known.values()) if (layout) Plotly.relayout(element, { shapes: layout().shapes });
    });
  }
}

// Everything that a run's page shows, once.
export const whole = (name) => get(runAddress(name));
