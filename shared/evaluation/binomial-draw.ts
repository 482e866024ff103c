// Taken out of Math once: a bootstrap draws millions.
const { abs, floor, log, sqrt } = Math;

/** Below this mean, counting up from 0 is the quicker way. */
const MEAN_OF_REJECTION = 10;

/** How many of `count` tries succeed, each with `probability`; `random` is uniform in [0, 1). */
export function drawBinomial(count: number, probability: number, random: () => number): number {
  if (count <= 0 || probability <= 0) return 0;
  if (probability >= 1) return count;
  if (probability > 0.5) return count - drawBinomial(count, 1 - probability, random);
  return count * probability < MEAN_OF_REJECTION
    ? byInversion(count, probability, random)
    : byRejection(count, probability, random);
}

function byInversion(count: number, probability: number, random: () => number): number {
  const odds = probability / (1 - probability);
  let mass = (1 - probability) ** count;
  let left = random();
  let successes = 0;
  while (left > mass && successes < count) {
    left -= mass;
    successes += 1;
    mass *= (odds * (count - successes + 1)) / successes;
  }
  return successes;
}

/**
 * Transformed rejection (BTRS): W. Hörmann, The generation of binomial random variates, Journal of
 * Statistical Computation and Simulation 46 (1993); for a mean of at least 10.
 */
function byRejection(count: number, probability: number, random: () => number): number {
  const deviation = sqrt(count * probability * (1 - probability));
  const b = 1.15 + 2.53 * deviation;
  const a = -0.0873 + 0.0248 * b + 0.01 * probability;
  const center = count * probability + 0.5;
  const inner = 0.92 - 4.2 / b;
  const odds = probability / (1 - probability);
  const alpha = (2.83 + 5.1 / b) * deviation;
  const mode = floor((count + 1) * probability);
  for (;;) {
    const u = random() - 0.5;
    const v = random();
    const edge = 0.5 - abs(u);
    const drawn = floor(((2 * a) / edge + b) * u + center);
    if (edge >= 0.07 && v <= inner) return drawn;
    if (!(drawn >= 0 && drawn <= count)) continue;
    const height = log((v * alpha) / (a / (edge * edge) + b));
    const bound =
      (mode + 0.5) * log((mode + 1) / (odds * (count - mode + 1))) +
      (count + 1) * log((count - mode + 1) / (count - drawn + 1)) +
      (drawn + 0.5) * log((odds * (count - drawn + 1)) / (drawn + 1)) +
      stirlingTail(mode) +
      stirlingTail(count - mode) -
      stirlingTail(drawn) -
      stirlingTail(count - drawn);
    if (height <= bound) return drawn;
  }
}

/** ln k! less Stirling's approximation of it, in powers of 1 / (k + 1). */
function stirlingTail(k: number): number {
  let correction = 0;
  let from = k;
  // The series is exact enough from 10 on; below, the recurrence leads there.
  while (from < 10) {
    correction += (from + 1.5) * log((from + 2) / (from + 1)) - 1;
    from += 1;
  }
  const next = from + 1;
  const square = next * next;
  return correction + (1 / 12 - (1 / 360 - 1 / 1260 / square) / square) / next;
}
