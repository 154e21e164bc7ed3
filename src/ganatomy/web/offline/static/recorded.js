// Recorded games: what `web/offline/encoding.py` packed, as the panels draw it.

const shared = JSON.parse(document.getElementById("games").textContent);
const waiting = new Map(), read = new Map(); // by number: who waits for a script, and a game's arrays
globalThis.recorded = (number, text) => { waiting.get(number)?.(text); waiting.delete(number); }; // which the scripts call

// A game by its number, with `at(frame)`: an answer as the panels take it.
export function game(number) {
  if (!read.has(number)) {
    const loading = load(number).then((text) => unpacked(text, { ...shared, ...shared.games[number] }));
    read.set(number, loading);
    loading.catch(() => read.delete(number)); // to be tried again
  }
  return read.get(number);
}

function load(number) {
  return new Promise((done, failed) => {
    waiting.set(number, done);
    const script = document.createElement("script");
    script.src = `games/${number}.js`;
    script.onerror = () => failed(new Error(`The file games/${number}.js is missing beside this page. Copy the whole folder.`));
    document.head.append(script);
  });
}

async function unpacked(text, figures) { // a page's games may share their target and rounds
  const packed = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
  const bytes = new Uint8Array(await new Response(new Blob([packed]).stream().pipeThrough(new DecompressionStream("deflate"))).arrayBuffer());
  const { target, rounds } = figures, { dimension, levels, parts, low, high, arrows, fakes: points, pushed } = target, frames = figures.value.length, cells = target.p.length;
  const scale = arrows.longest / arrows.per_gradient; // the gradient of the longest arrow
  const knots = (bytes.length - frames * (3 * cells + 2 * dimension * (points + pushed))) / (2 * frames * figures.lines * dimension);
  let from = 0;
  const take = (count) => { from += count; return bytes.subarray(from - count, from); };
  const shorts = (count) => { const [small, large] = [take(count), take(count)]; return Int16Array.from(small, (byte, i) => byte | large[i] << 8); };
  const [discriminator, optimal, q] = [0, 0, 0].map(() => take(frames * cells));
  const fakes = shorts(frames * points * dimension), mesh = shorts(frames * figures.lines * knots * dimension), descent = shorts(frames * pushed * dimension);
  const rows = cells / target.cells;
  for (let i = 0; i < discriminator.length; i++) if (Math.floor(i / target.cells) % rows > 0) discriminator[i] += discriminator[i - target.cells];
  for (let i = 0; i < discriminator.length; i++) if (i % target.cells > 0) discriminator[i] += discriminator[i - 1];
  for (let i = 0; i < mesh.length; i++) if (i % (knots * dimension) >= dimension) mesh[i] += mesh[i - dimension];

  const part = (all, frame, change) => { const size = all.length / frames; return Float32Array.from(all.subarray(frame * size, (frame + 1) * size), change); };
  const place = (number) => low + (high - low) * number / parts;
  const whole = rounds.slice(0, frames).map((moves, i) => ({ moves, value: figures.value[i], best: figures.best[i], divergence: figures.divergence[i], distance: figures.distance[i] }));
  return {
    frames,
    at: (frame) => ({
      ...target, p: Float32Array.from(target.p), probabilistic: figures.probabilistic, whole, moves: rounds[frame], rounds: rounds[frame], lines: figures.lines,
      discriminator: part(discriminator, frame, (level) => figures.low[frame] + (figures.high[frame] - figures.low[frame]) * level / levels),
      optimal: part(optimal, frame, (level) => level > levels ? NaN : level / levels),
      q: part(q, frame, (level) => figures.most[frame] * (level / levels) ** 2),
      fakes: part(fakes, frame, place), mesh: part(mesh, frame, place), descent: part(descent, frame, (number) => scale * number / parts),
      value: figures.value[frame], best_value: figures.best[frame], best_value_words: figures.best_words[frame],
      divergence: figures.divergence[frame], divergence_words: figures.divergence_words[frame],
      distance: figures.distance[frame], gradient: figures.gradient[frame],
      modes: figures.of && { covered: figures.covered[frame], of: figures.of, near: figures.near[frame] },
    }),
  };
}
