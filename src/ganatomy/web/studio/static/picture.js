// The games of a page as one picture, to keep or to send.
import { spaced } from "/assets/dom.js";
import { colour } from "/assets/drawing.js";

const SIDE = 320, GAP = 24, HEAD = 64, COLUMNS = 3; // pixels

export function save(boards, name) {
  const rows = 2, wide = COLUMNS * (SIDE + GAP) + GAP, tall = boards.length * (HEAD + rows * (SIDE + 2 * GAP));
  const sheet = new OffscreenCanvas(2 * wide, 2 * tall), context = sheet.getContext("2d");
  context.scale(2, 2);
  context.fillStyle = colour("paper");
  context.fillRect(0, 0, wide, tall);
  boards.forEach((board, i) => draw(context, board, i * (HEAD + rows * (SIDE + 2 * GAP))));
  sheet.convertToBlob({ type: "image/png" }).then((blob) => {
    const link = Object.assign(document.createElement("a"), { href: URL.createObjectURL(blob), download: name });
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
  });
}

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
