// Pictures by the graph beside the page: from the canvas's pixels, filled up to what the network takes, to those drawn.
const { channels, given: { multiple } } = JSON.parse(document.getElementById("metadata").textContent);
let session = null, tensor = null;

const filledUp = (side) => Math.ceil(side / multiple) * multiple;

// The canvas's pixels, [height, width, channels]; outside, the nearest pixel is repeated. Grey as Pillow weighs colours.
function pixelsOf(height, width) {
  const { data } = context.getImageData(0, 0, canvas.width, canvas.height);
  const top = (height - canvas.height) >> 1, left = (width - canvas.width) >> 1;
  const pixels = new Uint8Array(height * width * channels);
  const within = (place, side) => Math.min(Math.max(place, 0), side - 1);
  for (let y = 0, to = 0; y < height; y++) {
    for (let x = 0; x < width; x++, to += channels) {
      const from = 4 * (within(y - top, canvas.height) * canvas.width + within(x - left, canvas.width));
      for (let c = 0; c < channels; c++) pixels[to + c] = data[from + c];
      if (channels === 1) pixels[to] = (19595 * data[from] + 38470 * data[from + 1] + 7471 * data[from + 2] + 0x8000) >> 16;
    }
  }
  return pixels;
}

async function apply() {
  const height = filledUp(canvas.height), width = filledUp(canvas.width);
  const given = tensor("uint8", pixelsOf(height, width), [1, height, width, channels]);
  const { pixels: { data } } = await session.run({ given }, ["pixels"]);
  const image = new ImageData(scale * canvas.width, scale * canvas.height);
  const top = scale * ((height - canvas.height) >> 1), left = scale * ((width - canvas.width) >> 1);
  for (let y = 0, to = 0; y < image.height; y++) {
    for (let x = 0; x < image.width; x++, to += 4) {
      const from = ((y + top) * scale * width + x + left) * channels;
      for (let c = 0; c < 3; c++) image.data[to + c] = data[from + (channels === 1 ? 0 : c)];
      image.data[to + 3] = 255;
    }
  }
  const out = Object.assign(document.createElement("canvas"), { width: image.width, height: image.height });
  out.getContext("2d").putImageData(image, 0, 0);
  return new Promise((done) => out.toBlob(done));
}

async function load() {
  try {
    ({ session, tensor } = await loadGraph());
    start();
  } catch (error) {
    show(`The generator could not be loaded: ${error.message ?? error}`, true);
  }
}

load();
