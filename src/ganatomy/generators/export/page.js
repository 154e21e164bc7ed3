// The page shows one place on the way from seed to seed, moved along directions if there are any, and draws again when
// the place, the class, the truncation or a direction's slider changes.
const metadata = JSON.parse(document.getElementById("metadata").textContent);
const [canvas, caption, controls, seedField, classField, bound, boundText] =
  ["image", "status", "controls", "seed", "class", "truncation", "bound"].map((id) => document.getElementById(id));
const directions = metadata.directions ?? { names: [] };
const [height, width] = metadata.size, LAST_SEED = 2 ** 32 - 1, styled = metadata.truncation === "styles";

const place = { seed: 0, share: 0 };  // the share of the way from this seed to the next
const units = directions.names.map(() => 0), moveFields = [];  // along each direction, and the sliders that set them
let session = null, tensor = null, busy = false, again = false;

function show(message, failed = false) {
  caption.textContent = message;
  caption.classList.toggle("failed", failed);
}

// --- drawing ---

const truncation = () => (bound.valueAsNumber < Number(bound.max) ? bound.valueAsNumber : null);

const label = () => (classField.value === "" ? classOf(place.seed, metadata.prior) : Number(classField.value));

function latent() {
  const rules = PRIORS[metadata.prior.name], next = place.seed < LAST_SEED ? place.seed + 1 : 0;
  let z = latentOf(place.seed, metadata.prior);
  if (place.share) z = rules.between(z, latentOf(next, metadata.prior), place.share);
  if (units.some(Boolean)) z = z.map((x, i) => x + units.reduce((sum, each, k) => sum + each * directions.values[k][i], 0));
  return truncation() === null || styled ? z : rules.truncate(z, truncation());
}

async function draw() {
  again = busy;
  if (busy || !session) return;
  busy = true;
  try {
    const inputs = { z: tensor("float32", latent(), [1, metadata.prior.dimension]) };
    if (metadata.classes.length) inputs.class = tensor("int64", BigInt64Array.of(BigInt(label())), [1]);
    if (styled) inputs.truncation = tensor("float32", Float32Array.of(truncation() ?? 1), [1]);
    const status = updateStatus(), here = location.hash;
    const { pixels } = await session.run(inputs, ["pixels"]);
    paint(pixels.data);
    show(status);
    canvas.setAttribute("aria-valuenow", place.share.toFixed(2));
    canvas.setAttribute("aria-valuetext", status);
    canvas.dataset.drawn = here;
  } catch (error) {
    show(`The image could not be drawn: ${error.message ?? error}`, true);
  }
  busy = false;
  if (again) requestAnimationFrame(draw);
}

function paint(pixels) {
  const image = new ImageData(width, height), c = metadata.channels;
  for (let i = 0; i < width * height; i++) {
    const [r, g, b, a] = pixels.subarray(i * c, i * c + c);
    image.data.set(c === 1 ? [r, r, r, 255] : [r, g, b, a ?? 255], 4 * i);
  }
  canvas.getContext("2d").putImageData(image, 0, 0);
}

// The place in words, and in the address, which then leads back here.
function updateStatus() {
  const named = metadata.classes.length ? `, class ${metadata.classes[label()]}` : "";
  const onTheWay = place.share ? `, ${Math.round(100 * place.share)}% of the way to the next` : "";
  const address = new URLSearchParams({ seed: place.seed });
  if (place.share) address.set("share", place.share.toFixed(4));
  if (classField.value !== "") address.set("class", classField.value);
  if (truncation() !== null) address.set("truncation", truncation());
  units.forEach((each, k) => each && address.set(`move${k + 1}`, each));
  history.replaceState(null, "", `#${address}`);
  boundText.textContent = truncation() ?? "none";
  if (document.activeElement !== seedField) seedField.value = place.seed;
  return `Seed ${place.seed}${onTheWay}${named}${units.some(Boolean) ? ", moved" : ""}`;
}

// --- directions ---

function addSliders() {
  const fieldset = document.getElementById("directions"), reset = document.getElementById("reset");
  directions.names.forEach((name, k) => {
    const label = document.createElement("label"), slider = document.createElement("input"), out = document.createElement("output");
    Object.assign(slider, { type: "range", min: -directions.reach, max: directions.reach, step: 0.1, value: 0 });
    label.append(/^\d+$/.test(name) ? `Direction ${name}` : name, slider, out);
    fieldset.insertBefore(label, reset);
    moveFields.push({ slider, out });
    slider.addEventListener("input", () => { move(k, slider.valueAsNumber); draw(); });
    move(k, 0);
  });
  reset.addEventListener("click", () => { units.forEach((_, k) => move(k, 0)); draw(); });
  fieldset.hidden = !units.length;
  document.body.classList.toggle("movable", units.length > 0);
}

function move(k, by) {
  const { slider, out } = moveFields[k], words = `${by > 0 ? "+" : ""}${by.toFixed(1)}`.replace("-", "−");
  units[k] = by;
  slider.value = by;
  out.textContent = words;
  slider.setAttribute("aria-valuetext", words);
}

// --- moving ---

function goTo(seed, share = 0) {
  Object.assign(place, { seed, share });
  draw();
}

function moveBy(by) {
  const way = Math.round(1e4 * (place.share + by)), whole = Math.floor(way / 1e4);  // in shares that an address can hold
  goTo((place.seed + whole + LAST_SEED + 1) % (LAST_SEED + 1), (way - 1e4 * whole) / 1e4);
}

function readAddress(address) {
  const parameters = new URLSearchParams(address.slice(1));
  const whole = (text, most) => (/^\d+$/.test(text ?? "") && Number(text) <= most ? Number(text) : null);
  bound.value = Number(parameters.get("truncation")) || bound.max;
  classField.value = whole(parameters.get("class"), metadata.classes.length - 1) ?? "";
  units.forEach((_, k) => {
    const by = Number(parameters.get(`move${k + 1}`));
    move(k, Math.abs(by) <= directions.reach ? by : 0);
  });
  const share = Number(parameters.get("share") ?? 0);
  goTo(whole(parameters.get("seed"), LAST_SEED) ?? randomSeed(), share > 0 && share < 1 ? share : 0);
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
  moveBy(step);
});
let held = 0;  // where the pointer was
canvas.addEventListener("pointerdown", (event) => {
  canvas.setPointerCapture(event.pointerId);
  held = event.clientX;
});
canvas.addEventListener("pointermove", (event) => {
  if (!canvas.hasPointerCapture(event.pointerId) || event.clientX === held) return;
  moveBy((event.clientX - held) / canvas.clientWidth);
  held = event.clientX;
});
addEventListener("hashchange", () => readAddress(location.hash));

// --- start ---

async function start() {
  canvas.width = width;
  canvas.height = height;
  canvas.style.aspectRatio = `${width} / ${height}`;
  canvas.style.setProperty("--ratio", width / height);
  addSliders();
  canvas.classList.toggle("small", Math.max(width, height) < 200);
  metadata.classes.forEach((name, i) => classField.add(new Option(name, i)));
  document.getElementById("by-class").hidden = !metadata.classes.length;
  Object.assign(bound, { min: 0.05, max: styled ? 1 : 3 });
  try {
    ({ session, tensor } = await loadGraph());
    controls.hidden = false;
    readAddress(location.hash);
  } catch (error) {
    show(`The generator could not be loaded: ${error.message ?? error}`, true);
  }
}

start();
