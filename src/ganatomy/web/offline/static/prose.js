// What two recorded games show after a round, in words that follow from their figures.
import { digits } from "/assets/dom.js";
import { rounded } from "/assets/drawing.js";

const NO_OVERLAP = Math.log(2) - 0.01, SAME = 0.01, BEHIND = 0.02; // nats
const UNSEEN = 0.02; // of the interval: a shorter arrow hides behind its point

const listed = (words) => words.length < 2 ? words.join("") : `${words.slice(0, -1).join(", ")} and ${words.at(-1)}`;
const capital = (words) => words[0].toUpperCase() + words.slice(1);

// One game. figures: of all its frames; target: what all games share.
export function about(figures, target, frame) {
  const { divergence, error, divergence_words, distance, value, best, gradient, covered, near, of } = figures;
  const sentences = [], jsd = divergence[frame], apart = `JSD ${divergence_words[frame]} nats`;
  if (of) sentences.push(`${covered[frame]} of ${of} modes are reached, and ${Math.round(100 * near[frame])}% of the points lie near one.`);
  if (jsd > NO_OVERLAP) sentences.push(`Real and generated points hardly overlap (${apart}; log 2 where they do not at all).`);
  else if (jsd < SAME + error[frame]) sentences.push(`The generated points are spread as the target is, or nearly so (${apart}).`);
  else sentences.push(`The generated points overlap the target in part (${apart}; 0 where both are equal).`);
  if (distance[frame] === null) sentences.push("D gives scores and not probabilities: there is no D* for it to be near.");
  else {
    const behind = best[frame] - value[frame], away = rounded(distance[frame]);
    sentences.push(`${away === "0" ? "D equals D* to three decimals" : `D is ${away} away from D* on average`}, and V ${behind > BEHIND
      ? `lies ${digits(behind, 2)} below −log 4 + 2·JSD: a better D exists for these points.` : "is about −log 4 + 2·JSD: D does what the best one could."}`);
  }
  const unseen = gradient[frame] * target.arrows.per_gradient < UNSEEN * (target.high - target.low);
  sentences.push(`The gradient on a generated point has a mean size of ${digits(gradient[frame], 2)}${unseen ? "; an arrow of that size is too short to be seen" : ""}.`);
  return sentences;
}

// Two games after the same round. a, b: {values: its index on each axis, figures}; seeds: figures of the games that differ
// from each in the seed alone, itself among them.
export function compared(a, b, axes, seeds, frame) {
  const unlike = axes.filter((_, i) => a.values[i] !== b.values[i]);
  if (!unlike.length) return ["Both are the same game: choose another value for one of them."];
  const named = listed(unlike.map((axis) => axis.label === "k" ? "k" : axis.label.toLowerCase()));
  const sentences = [unlike.length === 1
    ? `The two games differ in ${named} alone. ${unlike[0].explained}`
    : `The two games differ in ${named}: what is seen may come from any of them.`];
  for (const axis of unlike) {
    for (const value of new Set([a, b].map((each) => each.values[axes.indexOf(axis)]))) {
      if (axis.summaries[value]) sentences.push(`${capital(axis.words[value])}: ${axis.summaries[value].replaceAll("`", "")}.`);
    }
  }
  const [left, right] = [a, b].map(({ figures }) => figures.divergence[frame]), error = a.figures.error[frame] + b.figures.error[frame];
  if (left === undefined || right === undefined) return sentences;
  sentences.push(Math.abs(left - right) <= error
    ? "After this round their JSDs differ by no more than their errors."
    : `After this round the ${left < right ? "left" : "right"} game is nearer to the target: JSD ${rounded(Math.min(left, right))} against ${rounded(Math.max(left, right))}.`);
  const [few, many] = [a, b].map(({ figures }) => figures.gradient[frame]).sort((x, y) => x - y);
  if (few > 0 && many / few >= 2) sentences.push(`The gradient on a generated point is ${digits(many / few, 2)} times as large in the ${a.figures.gradient[frame] > b.figures.gradient[frame] ? "left" : "right"} one.`);
  const ranges = seeds.map((games) => games.map((figures) => figures.divergence[frame]).filter((each) => each !== undefined));
  if (ranges.every((range) => range.length > 1) && !unlike.some((axis) => axis.name === "seed")) {
    const [[l, m], [n, o]] = ranges.map((range) => [Math.min(...range), Math.max(...range)]);
    const apart = m < n || o < l;
    sentences.push(`With the other seeds as well, the JSD of the left settings is ${between(l, m)}, of the right ones ${between(n, o)}: ${apart
      ? "every seed says the same." : "these overlap, so that luck decides which is nearer."}`);
  }
  return sentences;
}

const between = (low, high) => rounded(low) === rounded(high) ? rounded(low) : `${rounded(low)} to ${rounded(high)}`;
