"use strict";
const figures = JSON.parse(document.getElementById("data").textContent);
const places = [...document.querySelectorAll(".chart")];

function draw() {
  const style = (name) => getComputedStyle(document.documentElement).getPropertyValue("--" + name).trim();
  const axis = { gridcolor: style("rule"), linecolor: style("rule"), zerolinecolor: style("rule") };
  figures.forEach(({ data, layout }, i) => {
    const axes = Object.entries(layout).filter(([name]) => /^[xy]axis\d*$/.test(name));
    const themed = {
      ...layout, ...Object.fromEntries(axes.map(([name, own]) => [name, { ...axis, ...own }])),
      paper_bgcolor: style("paper"), plot_bgcolor: style("paper"), autosize: true,
      font: { family: getComputedStyle(document.body).fontFamily, size: 12, color: style("ink") },
    };
    Plotly.react(places[i], data, themed, { displayModeBar: false, responsive: !layout.width });
  });
}

draw();
matchMedia("(prefers-color-scheme: dark)").onchange = draw;
