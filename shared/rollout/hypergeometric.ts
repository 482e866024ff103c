/**
 * Fisher's noncentral hypergeometric distribution: how many of a block's events fall to the candidate
 * when sizes and total are given, and the odds of an event are `odds` times production's.
 * Weights follow from one another by products of positive numbers, so nothing cancels: the relative
 * error grows with the number of terms times 2^-53.
 */
export interface Margins {
  /** How many were watched in each arm. */
  readonly candidate: number;
  readonly production: number;
  /** Of both together: those where it happened. */
  readonly events: number;
}

const RESCALE_ABOVE = 1e250;
const LOG_RESCALE = Math.log(RESCALE_ABOVE);
/** Terms that are smaller than this part of the sum, and falling, add nothing any more. */
const NEGLIGIBLE = 1e-18;

/** The fewest events that can fall to the candidate. */
function leastOf({ production, events }: Margins): number {
  return Math.max(0, events - production);
}

/** The most. */
function mostOf({ candidate, events }: Margins): number {
  return Math.min(candidate, events);
}

/** C(c, x+1) C(p, m-x-1) over C(c, x) C(p, m-x). */
function step({ candidate, production, events }: Margins, x: number): number {
  return ((candidate - x) * (events - x)) / ((x + 1) * (production - events + x + 1));
}

/**
 * For each odds ratio, log of the sum over x of C(c, x) C(p, m-x) odds^x, less the log of the first
 * term's binomials, which all share: only differences mean something. One pass over x.
 */
export function logNormalizers(margins: Margins, odds: readonly number[]): number[] {
  const least = leastOf(margins);
  const most = mostOf(margins);
  const terms = odds.map(() => 1);
  const sums = odds.map(() => 1);
  const logs = odds.map((ratio) => least * Math.log(ratio));
  for (let x = least; x < most; x++) {
    const factor = step(margins, x);
    let isOver = true;
    for (let i = 0; i < odds.length; i++) {
      const growth = factor * (odds[i] ?? 1);
      const term = (terms[i] ?? 0) * growth;
      const sum = (sums[i] ?? 0) + term;
      if (growth >= 1 || term > sum * NEGLIGIBLE) isOver = false;
      const isLarge = sum > RESCALE_ABOVE;
      terms[i] = isLarge ? term / RESCALE_ABOVE : term;
      sums[i] = isLarge ? sum / RESCALE_ABOVE : sum;
      if (isLarge) logs[i] = (logs[i] ?? 0) + LOG_RESCALE;
    }
    if (isOver) break;
  }
  return logs.map((log, i) => log + Math.log(sums[i] ?? 1));
}

/** Log of the probability that `x` of the events fall to the candidate; `x` within what is possible. */
export function logProbability(margins: Margins, x: number, odds: number): number {
  let log = x * Math.log(odds);
  for (let y = leastOf(margins); y < x; y++) log += Math.log(step(margins, y));
  return log - (logNormalizers(margins, [odds])[0] ?? 0);
}

/** Expected number of the candidate's events, and its variance. */
export function momentsOf(margins: Margins, odds: number): { mean: number; variance: number } {
  const least = leastOf(margins);
  const most = mostOf(margins);
  let [term, sum, first, second] = [1, 1, 0, 0]; // first, second: of x - least
  for (let x = least; x < most; x++) {
    const growth = step(margins, x) * odds;
    const above = x + 1 - least;
    term *= growth;
    sum += term;
    first += above * term;
    second += above * above * term;
    if (growth < 1 && term * above * above < second * NEGLIGIBLE) break;
    if (sum > RESCALE_ABOVE) {
      term /= RESCALE_ABOVE;
      sum /= RESCALE_ABOVE;
      first /= RESCALE_ABOVE;
      second /= RESCALE_ABOVE;
    }
  }
  const mean = first / sum;
  return { mean: least + mean, variance: Math.max(0, second / sum - mean * mean) };
}
