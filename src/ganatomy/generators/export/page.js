// The page: one place on the way from seed to seed, drawn anew whenever it, the class or the truncation changes.
const facts = JSON.parse(document.getElementById("facts").textContent);
const [canvas, caption, controls, seedField, classField, bound, boundText] =
  ["image", "status", "controls", "seed", "class", "truncation", "bound"].map((id) => document.getElementById(id));
const [height, width] = facts.size, LAST_SEED = 2 ** 32 - 1, styled = facts.truncation === "styles";

const place = { seed: 0, share: 0 };  // the share of the way from this seed to the next
let session = null, tensor = null, busy = false, again = false;

function say(words, failed = false) {
  caption.textContent = words;
  caption.classList.toggle("failed", failed);
}

// --- what is drawn ---

const truncation = () => (bound.valueAsNumber < Number(bound.max) ? bound.valueAsNumber : null);

const label = () => (classField.value === "" ? classOf(place.seed, facts.prior) : Number(classField.value));

function latent() {
  const rules = PRIORS[facts.prior.name], next = place.seed < LAST_SEED ? place.seed + 1 : 0;
  let z = latentOf(place.seed, facts.prior);
  if (place.share) z = rules.between(z, latentOf(next, facts.prior), place.share);
  return truncation() === null || styled ? z : rules.truncate(z, truncation());
}

async function draw() {
  again = busy;
  if (busy || !session) return;
  busy = true;
  try {
    const inputs = { z: tensor("float32", latent(), [1, facts.prior.dimension]) };
    if (facts.classes.length) inputs.class = tensor("int64", BigInt64Array.of(BigInt(label())), [1]);
    if (styled) inputs.truncation = tensor("float32", Float32Array.of(truncation() ?? 1), [1]);
    const shown = tell(), here = location.hash;
    const { pixels } = await session.run(inputs, ["pixels"]);
    paint(pixels.data);
    say(shown);
    canvas.setAttribute("aria-valuenow", place.share.toFixed(2));
    canvas.setAttribute("aria-valuetext", shown);
    canvas.dataset.drawn = here;
  } catch (error) {
    say(`The image could not be drawn: ${error.message ?? error}`, true);
  }
  busy = false;
  if (again) requestAnimationFrame(draw);
}

function paint(pixels) {
  const image = new ImageData(width, height), c = facts.channels;
  for (let i = 0; i < width * height; i++) {
    const [r, g, b, a] = pixels.subarray(i * c, i * c + c);
    image.data.set(c === 1 ? [r, r, r, 255] : [r, g, b, a ?? 255], 4 * i);
  }
  canvas.getContext("2d").putImageData(image, 0, 0);
}

// Says where we are, in words below the image and in the address, which then leads back here.
function tell() {
  const named = facts.classes.length ? `, class ${facts.classes[label()]}` : "";
  const onTheWay = place.share ? `, ${Math.round(100 * place.share)}% of the way to the next` : "";
  const address = new URLSearchParams({ seed: place.seed });
  if (place.share) address.set("share", place.share.toFixed(4));
  if (classField.value !== "") address.set("class", classField.value);
  if (truncation() !== null) address.set("truncation", truncation());
  history.replaceState(null, "", `#${address}`);
  boundText.textContent = truncation() ?? "none";
  if (document.activeElement !== seedField) seedField.value = place.seed;
  return `Seed ${place.seed}${onTheWay}${named}`;
}

// --- what is done to it ---

function goTo(seed, share = 0) {
  Object.assign(place, { seed, share });
  draw();
}

function move(by) {
  const way = Math.round(1e4 * (place.share + by)), whole = Math.floor(way / 1e4);  // in shares that an address can hold
  goTo((place.seed + whole + LAST_SEED + 1) % (LAST_SEED + 1), (way - 1e4 * whole) / 1e4);
}

function follow(address) {
  const asked = new URLSearchParams(address.slice(1));
  const whole = (text, most) => (/^\d+$/.test(text ?? "") && Number(text) <= most ? Number(text) : null);
  bound.value = Number(asked.get("truncation")) || bound.max;
  classField.value = whole(asked.get("class"), facts.classes.length - 1) ?? "";
  const share = Number(asked.get("share") ?? 0);
  goTo(whole(asked.get("seed"), LAST_SEED) ?? randomSeed(), share > 0 && share < 1 ? share : 0);
}

const randomSeed = () => crypto.getRandomValues(new Uint32Array(1))[0];

controls.addEventListener("submit", (event) => {
  event.preventDefault();
  goTo(document.activeElement === seedField ? seedField.valueAsNumber : randomSeed());  // Enter means the seed typed
});
seedField.addEventListener("change", () => seedField.validity.valid && goTo(seedField.valueAsNumber));
for (const field of [classField, bound]) field.addEventListener("input", draw);
canvas.addEventListener("keydown", (event) => {
  const step = { ArrowRight: 0.05, ArrowUp: 0.05, ArrowLeft: -0.05, ArrowDown: -0.05 }[event.key];
  if (!step) return;
  event.preventDefault();
  move(step);
});
let held = 0;  // where the pointer was
canvas.addEventListener("pointerdown", (event) => {
  canvas.setPointerCapture(event.pointerId);
  held = event.clientX;
});
canvas.addEventListener("pointermove", (event) => {
  if (!canvas.hasPointerCapture(event.pointerId) || event.clientX === held) return;
  move((event.clientX - held) / canvas.clientWidth);
  held = event.clientX;
});
addEventListener("hashchange", () => follow(location.hash));

// --- and its beginning ---

async function begin() {
  canvas.width = width;
  canvas.height = height;
  canvas.style.aspectRatio = `${width} / ${height}`;
  canvas.classList.toggle("small", Math.max(width, height) < 200);
  facts.classes.forEach((name, i) => classField.add(new Option(name, i)));
  document.getElementById("by-class").hidden = !facts.classes.length;
  Object.assign(bound, { min: 0.05, max: styled ? 1 : 3 });
  if (location.protocol === "file:") {
    say("This page has to come from a web server: run “python3 -m http.server” here and open http://localhost:8000.", true);
    return;
  }
  try {
    const beside = (name) => new URL(name, location.href).href;
    const ort = await import(beside("onnxruntime.js"));
    ort.env.wasm.wasmPaths = { wasm: beside("onnxruntime.wasm") };
    ort.env.wasm.numThreads = 1;  // more would need headers that a plain host of files does not send
    session = await ort.InferenceSession.create(beside("model.onnx"));
    tensor = (...parts) => new ort.Tensor(...parts);
    controls.hidden = false;
    follow(location.hash);
  } catch (error) {
    say(`The generator could not be loaded: ${error.message ?? error}`, true);
  }
}

begin();
