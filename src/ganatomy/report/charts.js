"use strict";
// How a chart of `charts.py` looks, for plotly: in the report and in the studio.

const ROLES = { real: "discriminator", fake: "generator" }; // whose colour each wears
const DASHES = { generator: "6px,2px", other1: "6px,2px", other2: "2px,2px" }; // told apart without colour, too
const touch = matchMedia("(pointer: coarse)").matches; // there, dragging scrolls the page

const style = (name) => getComputedStyle(document.documentElement).getPropertyValue("--" + name).trim();

const safe = (text) => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;"); // plotly reads a little markup

function traces({ series }) {
  return series.flatMap((curve) => {
    const role = ROLES[curve.role] ?? curve.role, color = style(role);
    const line = {
      x: curve.x, y: curve.y, name: safe(curve.name), legendgroup: role, cliponaxis: false,
      line: { color, width: curve.x.length < 500 ? 1.6 : 1.1, dash: DASHES[role] ?? "solid" },
      mode: curve.x.length < 30 ? "lines+markers" : "lines", marker: { color, size: 5 },
    };
    if (!curve.low) return [line];
    const high = pieces(curve.high);
    const around = pieces(curve.low).flatMap((low, i) => [...low, ...high[i].reverse(), [null, null]]);
    const band = {
      x: around.map(([x]) => x), y: around.map(([, y]) => y), mode: "lines", line: { width: 0 }, fill: "toself",
      fillcolor: color + "30", showlegend: false, hoverinfo: "skip", legendgroup: role,
    };
    return [band, line];
  });
}

function pieces({ x, y }) { // the points between one gap and the next
  const found = [[]];
  y.forEach((value, i) => value === null ? found.push([]) : found.at(-1).push([x[i], value]));
  return found.filter((piece) => piece.length);
}

function logarithmic({ series }) { // at 1, 2, 5, 10, 20, … or, where there are many, at powers of ten
  const values = series.flatMap((curve) => curve.y.filter((value) => value > 0));
  const tens = Math.log10(values.reduce((a, b) => Math.max(a, b), 1e-9) / values.reduce((a, b) => Math.min(a, b), 1e9));
  return tens < 2.5 ? { type: "log", dtick: "D2", tickformat: "~g" } : { type: "log", dtick: Math.ceil(tens / 6) };
}

function layout(chart, range, width, marks) {
  const [ink, quiet, rule, paper] = ["ink", "quiet", "rule", "paper"].map(style);
  const axis = { gridcolor: rule, linecolor: rule, zeroline: false, color: quiet, automargin: false };
  const levels = (chart.levels ?? []).map((level) => ({ ...level, color: style(level.role) }));
  const right = Math.max(44, ...levels.map(({ text }) => 8 + 6.5 * text.length)); // room for the words beside the lines
  const across = { type: "line", xref: "paper", x0: 0, x1: 1 }, upright = { type: "line", yref: "paper", y0: 0, y1: 1 };
  return {
    paper_bgcolor: paper, plot_bgcolor: paper, margin: { l: 52, r: right, t: 34, b: 28 }, autosize: true,
    font: { family: getComputedStyle(document.body).fontFamily, size: 12, color: ink },
    hovermode: "x unified", hoverlabel: { bgcolor: paper, bordercolor: rule }, dragmode: touch ? false : "zoom",
    showlegend: chart.series.length > 1, uirevision: "same",
    legend: { orientation: "h", x: 0, y: 1.02, yanchor: "bottom", bgcolor: "rgba(0,0,0,0)" },
    xaxis: {
      ...axis, range, nticks: Math.round(width / 80), showgrid: false, showline: true,
      tickformat: ",~d", hoverformat: ",d",
    },
    yaxis: {
      ...axis, nticks: 6, range: chart.range, rangemode: chart.zero ? "tozero" : "normal", hoverformat: ".4~g",
      exponentformat: "power", separatethousands: true, ...(chart.log ? logarithmic(chart) : {}),
    },
    shapes: [
      ...(chart.shades ?? []).map(([x0, x1]) => (
        { type: "rect", yref: "paper", y0: 0, y1: 1, x0, x1, line: { width: 0 }, fillcolor: style("alarm") + "22" }
      )),
      ...levels.map(({ y, color }) => ({ ...across, y0: y, y1: y, line: { color, width: 1.2, dash: "dash" } })),
      ...marks.map(({ x, dash }) => ({ ...upright, x0: x, x1: x, line: { color: quiet, width: 1, dash } })),
    ],
    annotations: levels.map(({ y, text, color }) => (
      { xref: "paper", x: 1, xanchor: "left", y, text: safe(text), showarrow: false, font: { color } }
    )),
  };
}
