// An animation that loops, as one WebP file: https://developers.google.com/speed/webp/docs/riff_container
// The browser encodes each frame; here they are put behind each other.

const HEADER = 12; // bytes before the first chunk of a file: RIFF, its size, WEBP

// A canvas as a WebP file's bytes; quality: from 0 to 1, which is lossless.
export async function encoded(canvas, quality) {
  const blob = await canvas.convertToBlob({ type: "image/webp", quality });
  if (blob.type !== "image/webp") throw new Error("This browser cannot write WebP images, of which a loop is made.");
  return new Uint8Array(await blob.arrayBuffer());
}

// frames: files of that size, as `encoded` gives them; durations: milliseconds of each.
export function animation(frames, [width, height], durations) {
  const size = [...whole(width - 1, 3), ...whole(height - 1, 3)];
  const images = frames.map(chunks).map((found) => found.filter(({ kind }) => ["ALPH", "VP8 ", "VP8L"].includes(kind)));
  const clear = images.flat().some(({ kind }) => kind !== "VP8 "); // the only kind that is never transparent
  const parts = [
    chunk("VP8X", [Uint8Array.of(clear ? 0x12 : 0x02, 0, 0, 0, ...size)]),
    chunk("ANIM", [Uint8Array.of(0, 0, 0, 0, 0, 0)]), // loops for ever
    ...images.map((found, i) => chunk("ANMF", [
      Uint8Array.of(0, 0, 0, 0, 0, 0, ...size, ...whole(Math.round(durations[i]), 3), 0x02), // drawn over the frame before
      ...found.map(({ bytes }) => bytes),
    ])),
  ];
  const letters = new TextEncoder().encode("WEBP");
  return new Blob([chunk("RIFF", [letters, ...parts])], { type: "image/webp" });
}

export function download(blob, name) {
  const link = Object.assign(document.createElement("a"), { href: URL.createObjectURL(blob), download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}

const whole = (number, count) => Array.from({ length: count }, (_, i) => (number >> (8 * i)) & 255);

function chunk(kind, contents) { // its kind, size and contents, of an even length
  const size = contents.reduce((sum, each) => sum + each.length, 0), bytes = new Uint8Array(8 + size + size % 2);
  bytes.set([...new TextEncoder().encode(kind), ...whole(size, 4)]);
  let at = 8;
  for (const each of contents) { bytes.set(each, at); at += each.length; }
  return bytes;
}

function chunks(file) { // of one image
  const found = [], view = new DataView(file.buffer);
  for (let at = HEADER; at < file.length;) {
    const size = view.getUint32(at + 4, true), end = at + 8 + size + size % 2;
    found.push({ kind: String.fromCharCode(...file.subarray(at, at + 4)), bytes: file.subarray(at, end) });
    at = end;
  }
  return found;
}
