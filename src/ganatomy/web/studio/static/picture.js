// The games of a page as one picture, to keep or to send.
import { spaced } from "/assets/dom.js";
import { colour } from "/assets/drawing.js";
import { download } from "/assets/loop.js";

const SIDE = 320, GAP = 24, HEAD = 64, COLUMNS = 3; // pixels

// scale: pixels of the picture for one of the page.
export function sheet(boards, scale) {
  const rows = 2, wide = COLUMNS * (SIDE + GAP) + GAP, tall = boards.length * (HEAD + rows * (SIDE + 2 * GAP));
  const canvas = new OffscreenCanvas(scale * wide, scale * tall), context = canvas.getContext("2d", { alpha: false });
  context.scale(scale, scale);
  context.fillStyle = colour("paper");
  context.fillRect(0, 0, wide, tall);
  boards.forEach((board, i) => draw(context, board, i * (HEAD + rows * (SIDE + 2 * GAP))));
  return canvas;
}

export const save = async (boards, name) => download(await sheet(boards, 2).convertToBlob({ type: "image/png" }), name);

function draw(context, board, top) {
  const words = (text, x, y, font, tone = "ink") => {
    context.font = `${font} system-ui, sans-serif`;
    context.fillStyle = colour(tone);
    context.fillText(text, x, y);
  };
  words(`${spaced(board.element.getAttribute("aria-label"))} · ${board.caption}`, GAP, top + 26, "600 16px");
  words(board.element.querySelector(".numbers").textContent, GAP, top + 46, "12px", "quiet");
  Object.values(board.panels).forEach((panel, i) => {
    const x = GAP + (i % COLUMNS) * (SIDE + GAP), y = top + HEAD + Math.floor(i / COLUMNS) * (SIDE + 2 * GAP);
    words(panel.figure.querySelector("h3").textContent, x, y + 14, "600 13px");
    context.drawImage(panel.canvas, x, y + 20, SIDE, SIDE);
    context.strokeStyle = colour("rule");
    context.strokeRect(x, y + 20, SIDE, SIDE);
  });
}
