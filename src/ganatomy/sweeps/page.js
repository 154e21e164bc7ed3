const figures = JSON.parse(document.getElementById("data").textContent);
const places = [...document.querySelectorAll(".chart")];
const draw = () => figures.forEach((figure, i) => drawFigure(places[i], figure));

draw();
matchMedia("(prefers-color-scheme: dark)").onchange = draw;
