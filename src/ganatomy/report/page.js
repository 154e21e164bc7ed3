const { frames, charts, marks } = JSON.parse(document.getElementById("data").textContent);

// --- the timeline -----------------------------------------------------------------------------------------------

const timeline = document.getElementById("timeline");
if (timeline) {
  const [image, slider, button, step] = ["img", "input", "button", "output"].map((tag) => timeline.querySelector(tag));
  let timer = null;
  const show = () => {
    const frame = frames[slider.value];
    image.src = frame.image;
    step.textContent = "step " + frame.step.toLocaleString("en");
    slider.setAttribute("aria-valuetext", step.textContent);
  };
  const pause = () => {
    clearInterval(timer);
    timer = null;
    button.textContent = "▶";
  };
  const next = () => {
    if (+slider.value === frames.length - 1) return pause();
    slider.value = +slider.value + 1;
    show();
  };
  button.onclick = () => {
    if (timer) return pause();
    if (+slider.value === frames.length - 1) slider.value = 0;
    show();
    timer = setInterval(next, 350);
    button.textContent = "❚❚";
  };
  slider.oninput = () => { pause(); show(); };
  show();
}

// --- the charts -------------------------------------------------------------------------------------------------

const whole = [0, Math.max(1, ...charts.flatMap((chart) => chart.series.map((curve) => curve.x.at(-1))))];
const places = [...document.querySelectorAll(".chart")];

function draw() {
  const options = { displayModeBar: false, responsive: true, doubleClick: "reset" };
  charts.forEach((chart, i) => {
    const place = places[i], range = place.layout?.xaxis.range ?? whole; // as zoomed, where this is not the first time
    Plotly.react(place, traces(chart), layout(chart, range, place.clientWidth, marks), options);
  });
}

draw();
for (const place of places) {
  // What one chart shows across, all show.
  place.on("plotly_relayout", () => {
    const range = place.layout.xaxis.range;
    for (const other of places) {
      if (other.layout.xaxis.range.join() !== range.join()) Plotly.relayout(other, { "xaxis.range": [...range] });
    }
  });
}
matchMedia("(prefers-color-scheme: dark)").onchange = draw;
