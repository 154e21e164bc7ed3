// A slider over the frames of recorded games, and a button that plays them.
import { h } from "/assets/dom.js";

const FRAME = 350; // milliseconds of a frame while it plays

// last: the number of the last frame. draw(frame) draws it, and returns what stands beside the slider, and what is read
// out as its value.
export function player(last, draw) {
  let frame = last, playing = null;
  const slider = h("input", { type: "range", min: 0, max: last, step: 1, value: last, "aria-label": "Round", oninput: () => { stop(); go(Number(slider.value)); } });
  const output = h("output", {}), button = h("button", { type: "button", class: "primary", onclick: () => playing ? stop() : start() }, "▶ Play");

  function go(to) {
    frame = Math.min(Math.max(to, 0), last);
    const [words, value] = draw(frame);
    slider.value = frame;
    slider.setAttribute("aria-valuetext", value);
    output.textContent = words;
  }

  function start() {
    if (frame === last) go(0);
    button.textContent = "❚❚ Pause";
    playing = setInterval(() => { go(frame + 1); if (frame === last) stop(); }, FRAME);
  }

  function stop() {
    clearInterval(playing);
    playing = null;
    button.textContent = "▶ Play";
  }

  return { element: h("div", { class: "time" }, button, slider, output), go };
}
