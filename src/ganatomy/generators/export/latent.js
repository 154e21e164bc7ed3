// The latent vectors of seeds, number by number as torch's CPU generator draws them for `ganatomy sample`.
// They agree to the last digits or two of a float32: torch takes logarithms and cosines eight at a time, by series.

// mt19937 (Matsumoto & Nishimura 1998): a function that gives the next 32 random bits.
function mersenneTwister(seed) {
  const state = new Uint32Array(624);
  state[0] = seed;
  for (let i = 1; i < 624; i++) state[i] = Math.imul(1812433253, state[i - 1] ^ (state[i - 1] >>> 30)) + i;
  let place = 624;
  return () => {
    if (place === 624) {
      for (let i = 0; i < 624; i++) {
        const bits = (state[i] & 0x80000000) | (state[(i + 1) % 624] & 0x7fffffff);
        state[i] = state[(i + 397) % 624] ^ (bits >>> 1) ^ (bits & 1 ? 0x9908b0df : 0);
      }
      place = 0;
    }
    let x = state[place++];
    x ^= x >>> 11;
    x ^= (x << 7) & 0x9d2c5680;
    x ^= (x << 15) & 0xefc60000;
    return (x ^ (x >>> 18)) >>> 0;
  };
}

// Uniform on [0, 1): a float32's 24 bits of one draw, or a double's 53 of two.
const float32 = (draw) => (draw() % 2 ** 24) / 2 ** 24;
const float64 = (draw) => ((draw() % 2 ** 21) * 2 ** 32 + draw()) / 2 ** 53;

// torch.randn(1, count): Box–Muller on blocks of sixteen, or on pairs of doubles where there are fewer numbers.
function normal(draw, count) {
  const z = new Float32Array(count);
  if (count < 16) {
    for (let i = 0; i < count; i += 2) {
      const angle = 2 * Math.PI * float64(draw), radius = Math.sqrt(-2 * Math.log1p(-float64(draw)));
      z[i] = radius * Math.cos(angle);
      if (i + 1 < count) z[i + 1] = radius * Math.sin(angle);
    }
    return z;
  }
  const transform = (start) => {
    for (let i = start; i < start + 8; i++) {
      const radius = Math.sqrt(-2 * Math.log(1 - z[i])), angle = 2 * Math.PI * z[i + 8];
      z[i] = radius * Math.cos(angle);
      z[i + 8] = radius * Math.sin(angle);
    }
  };
  for (let i = 0; i < count; i++) z[i] = float32(draw);
  for (let i = 0; i + 16 <= count; i += 16) transform(i);
  if (count % 16) {  // the last sixteen are drawn anew, over the end of the block before them
    for (let i = count - 16; i < count; i++) z[i] = float32(draw);
    transform(count - 16);
  }
  return z;
}

// Uniform on (−√3, √3), in float32 at every step.
function uniform(draw, count) {
  return Float32Array.from({ length: count }, () => Math.fround(float32(draw) * 2 - 1) * Math.fround(Math.sqrt(3)));
}

// Φ, by its series at 0 (Marsaglia 2004, doi:10.18637/jss.v011.i04); beyond 8 a double is 0 or 1.
function normalShare(x) {
  if (Math.abs(x) > 8) return x < 0 ? 0 : 1;
  let sum = x, term = x;
  for (let i = 3; sum + term !== sum; i += 2) sum += term *= x * x / i;
  return 0.5 + sum * Math.exp(-x * x / 2) / Math.sqrt(2 * Math.PI);
}

// Φ⁻¹ by Newton's method: from 0 it nears the root from one side, for Φ bends the same way all along.
function normalQuantile(share) {
  let x = 0;
  for (let i = 0; i < 60; i++) x -= (normalShare(x) - share) * Math.sqrt(2 * Math.PI) * Math.exp(x * x / 2);
  return x;
}

// The two priors: how they draw, truncate to ±bound and lead from one vector to another, as in priors.py.
const PRIORS = {
  normal: {
    draw: normal,
    truncate: (z, bound) => {
      const tail = normalShare(-bound);
      const cut = (x) => normalQuantile(tail + (1 - 2 * tail) * normalShare(x));
      return z.map((x) => Math.max(-bound, Math.min(bound, cut(x))));
    },
    between: (start, end, share) => {
      const dot = (a, b) => a.reduce((sum, x, i) => sum + x * b[i], 0);
      const from = Math.sqrt(dot(start, start)), to = Math.sqrt(dot(end, end));
      if (!from || !to) return straight(start, end, share);
      const u = Array.from(start, (x) => x / from), v = Array.from(end, (x) => x / to), cosine = dot(u, v);
      let across = v.map((x, i) => x - cosine * u[i]), sine = Math.sqrt(dot(across, across));
      let length = sine;
      if (sine < 1e-7) {
        const sizes = u.map(Math.abs), axis = sizes.indexOf(Math.min(...sizes));
        across = u.map((x, i) => (i === axis) - u[axis] * x);
        length = Math.sqrt(dot(across, across)) || 1;
        sine = 0;
      }
      const angle = share * Math.atan2(sine, cosine), size = from + (to - from) * share;
      return start.map((_, i) => size * (Math.cos(angle) * u[i] + Math.sin(angle) * across[i] / length));
    },
  },
  uniform: {
    draw: uniform,
    truncate: (z, bound) => z.map((x) => x * Math.min(bound / Math.sqrt(3), 1)),
    between: straight,
  },
};

function straight(start, end, share) {
  return start.map((x, i) => x + (end[i] - x) * share);
}

// The latent vector of a seed, a Float32Array; prior: {name, dimension, classes}.
function latentOf(seed, prior) {
  return PRIORS[prior.name].draw(mersenneTwister(seed), prior.dimension);
}

// The class of a seed: consecutive seeds have the classes in the data's proportions.
function classOf(seed, prior) {
  const total = prior.classes.reduce((sum, count) => sum + count, 0);
  let place = ((seed * (Math.sqrt(5) - 1) / 2) % 1) * total, label = 0;
  while (label < prior.classes.length - 1 && place >= prior.classes[label]) place -= prior.classes[label++];
  return label;
}
