"use strict";
// Draws a chart of a sweep in the colours of its page.
function drawFigure(place, { data, layout }) {
  const style = (name) => getComputedStyle(document.documentElement).getPropertyValue("--" + name).trim();
  const axis = { gridcolor: style("rule"), linecolor: style("rule"), zerolinecolor: style("rule") };
  const axes = Object.entries(layout).filter(([name]) => /^[xy]axis\d*$/.test(name));
  const themed = {
    ...layout, ...Object.fromEntries(axes.map(([name, own]) => [name, { ...axis, ...own }])),
    paper_bgcolor: style("paper"), plot_bgcolor: style("paper"), autosize: true,
    font: { family: getComputedStyle(document.body).fontFamily, size: 12, color: style("ink") },
  };
  return Plotly.react(place, data, themed, { displayModeBar: false, responsive: !layout.width });
}
