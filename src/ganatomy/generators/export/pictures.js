// A picture in, a picture out: dropped, chosen, or drawn by hand. `apply` is the page's own way to the drawn picture: of
// the canvas with the given one, and of its file where nobody has drawn on it, a promise of a PNG, as a Blob.
const { given: { scale }, size, most } = JSON.parse(document.getElementById("metadata").textContent);
const [canvas, drawn, caption, download, controls, fileField, brush, paper, widthField] =
  ["given", "drawn", "status", "download", "controls", "file", "brush", "paper", "width"].map((id) => document.getElementById(id));
const context = canvas.getContext("2d", { willReadFrequently: true });
const SMALL = 200, QUICK = 150;  // pixels that are shown as squares; milliseconds of a drawing that keeps up with the brush
let file = null, name = "drawing", busy = false, again = false, spent = 0;

function show(message, failed = false) {
  caption.textContent = message;
  caption.classList.toggle("failed", failed);
}

function measured(element, width, height) {
  element.style.setProperty("--ratio", width / height);
  element.classList.toggle("small", Math.max(width, height) < SMALL);
  document.getElementById(`${element.id}-size`).textContent = `${element === canvas ? "Given" : "Drawn"}, ${width}×${height}`;
}

// --- the given picture ---

function begin(width, height, colour = "white") {  // what is transparent is laid on it
  [canvas.width, canvas.height] = [width, height];
  context.fillStyle = colour;
  context.fillRect(0, 0, width, height);
  measured(canvas, width, height);
}

function blank() {
  begin(size[1] / scale, size[0] / scale, paper.value);
  [file, name] = [null, "drawing"];
  update();
}

async function take(files) {
  if (!files.length) return;
  let bitmap;
  try {
    bitmap = await createImageBitmap(files[0], { colorSpaceConversion: "none", premultiplyAlpha: "none" });
  } catch {
    return show(`${files[0].name} is no picture that this browser can read.`, true);
  }
  const { width, height } = bitmap;
  if (width * height * scale ** 2 > most) {
    const able = Math.floor(most / scale ** 2).toLocaleString("en");
    return show(`${files[0].name} has ${width}×${height} pixels, and this page takes up to ${able}: make it smaller.`, true);
  }
  begin(width, height);
  context.drawImage(bitmap, 0, 0);
  [file, name] = [files[0], files[0].name.replace(/\.[^.]*$/, "")];
  await update();
  if (files.length > 1) show(`Of ${files.length} files ${file.name} is taken: one at a time.`);
}

// --- the drawn one ---

async function update() {
  again = busy;
  if (busy) return;
  document.body.setAttribute("aria-busy", busy = true);
  if (spent > QUICK) show("Drawing …");
  await new Promise((shown) => setTimeout(shown, spent > QUICK ? 50 : 0));
  const began = performance.now();
  try {
    const blob = await apply(canvas, file);
    URL.revokeObjectURL(drawn.src);
    drawn.src = download.href = URL.createObjectURL(blob);
    await drawn.decode();
    measured(drawn, drawn.naturalWidth, drawn.naturalHeight);
    download.download = `${name}-drawn.png`;
    download.hidden = false;
    show("");
  } catch (error) {
    show(`The picture could not be drawn: ${error.message ?? error}`, true);
    drawn.removeAttribute("src");
    document.getElementById("drawn-size").textContent = "";
    download.hidden = true;
  }
  spent = performance.now() - began;
  document.body.setAttribute("aria-busy", busy = false);
  if (again) await update();
}

// --- what a person does ---

let last = null;  // where the brush was

function stroke(event) {
  const box = canvas.getBoundingClientRect();
  const width = Math.max(1, Math.round(widthField.valueAsNumber / 100 * Math.max(canvas.width, canvas.height)));
  const whole = (place) => (width % 2 ? Math.floor(place) + 0.5 : Math.round(place));  // so that straight lines are sharp
  const here = [
    whole((event.clientX - box.left) * canvas.width / box.width),
    whole((event.clientY - box.top) * canvas.height / box.height),
  ];
  Object.assign(context, { strokeStyle: brush.value, lineWidth: width, lineCap: width < 3 ? "square" : "round" });
  context.beginPath();
  context.moveTo(...(last ?? here));
  context.lineTo(...here);
  context.stroke();
  [last, file] = [here, null];
  if (spent < QUICK) update();
}

canvas.addEventListener("pointerdown", (event) => {
  if (event.button) return;
  canvas.setPointerCapture(event.pointerId);
  stroke(event);
});
canvas.addEventListener("pointermove", (event) => last && canvas.hasPointerCapture(event.pointerId) && stroke(event));
for (const end of ["pointerup", "pointercancel"]) {
  canvas.addEventListener(end, () => {
    if (last) update();
    last = null;
  });
}
fileField.addEventListener("change", async () => {
  await take(fileField.files);
  fileField.value = "";  // so that the same file can be chosen again
});
document.getElementById("blank").addEventListener("click", blank);
controls.addEventListener("submit", (event) => event.preventDefault());
for (const kind of ["dragover", "dragleave", "drop"]) {
  addEventListener(kind, (event) => {
    event.preventDefault();  // or the browser would leave the page for the file
    document.body.classList.toggle("dropping", kind === "dragover");
    if (kind === "drop" && !controls.hidden) take(event.dataTransfer.files);
  });
}

function start() {
  controls.hidden = document.querySelector(".pictures").hidden = false;
  blank();
}
