// Paper on which a target is drawn by hand.
import { h } from "/assets/dom.js";
import { colour } from "/assets/drawing.js";

// Paper to draw a target on. The drawing is kept as a text of two letters per point.
export class Paper {
  static levels = 36;
  static apart = 0.06; // between neighbouring points of a line

  static points(text) {
    const at = (letter) => 2 * parseInt(letter, 36) / (Paper.levels - 1) - 1;
    return (text.match(/[0-9a-z]{2}/g) ?? []).map(([x, y]) => [at(x), at(y)]);
  }

  constructor(text, most, done) { // most: points
    this.text = text.slice(0, 2 * most);
    this.most = most;
    this.done = done;
    this.canvas = h("canvas", { width: 200, height: 200, tabindex: "0", role: "application", "aria-label": "Paper: drag to draw, or move with the arrow keys and add a point with the space bar" });
    this.element = h("section", { class: "paper" }, h("h2", {}, "Draw a target"), this.canvas,
      h("div", { class: "bar" }, h("button", { type: "button", onclick: () => done(this.text) }, "Play on this"), h("button", { type: "button", onclick: () => { this.text = ""; this.draw(); } }, "Clear")));
    const at = (event) => {
      const box = this.canvas.getBoundingClientRect();
      return [2 * (event.clientX - box.left) / box.width - 1, 1 - 2 * (event.clientY - box.top) / box.height];
    };
    this.cursor = [0, 0];
    this.canvas.onpointerdown = (event) => { this.canvas.setPointerCapture(event.pointerId); this.add(at(event)); };
    this.canvas.onpointermove = (event) => { if (this.canvas.hasPointerCapture(event.pointerId)) this.add(at(event)); };
    this.canvas.onkeydown = (event) => {
      const by = { ArrowRight: [0.1, 0], ArrowLeft: [-0.1, 0], ArrowUp: [0, 0.1], ArrowDown: [0, -0.1], " ": [0, 0] }[event.key];
      if (!by) return;
      event.preventDefault();
      this.cursor = this.cursor.map((each, i) => Math.min(Math.max(each + by[i], -1), 1));
      if (event.key === " ") this.add(this.cursor); else this.draw();
    };
    this.draw();
  }

  add(point) {
    if (point.some((each) => Math.abs(each) > 1) || this.text.length >= 2 * this.most) return;
    const last = Paper.points(this.text.slice(-2))[0];
    if (last && Math.hypot(last[0] - point[0], last[1] - point[1]) < Paper.apart) return;
    this.text += point.map((each) => Math.round((each + 1) / 2 * (Paper.levels - 1)).toString(36)).join("");
    this.draw();
  }

  draw() {
    const context = this.canvas.getContext("2d"), place = (each) => 100 * (each + 1);
    context.clearRect(0, 0, 200, 200);
    context.fillStyle = context.strokeStyle = colour("quiet");
    for (const [x, y] of Paper.points(this.text)) { context.beginPath(); context.arc(place(x), 200 - place(y), 5, 0, 7); context.fill(); }
    context.strokeRect(place(this.cursor[0]) - 3, 197 - place(this.cursor[1]), 6, 6);
  }
}
