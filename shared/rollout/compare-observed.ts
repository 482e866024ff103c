import type { Observed } from '../ports/engine.ts';

/** How far apart two answers to one request are. */
export interface Comparison {
  /** Labels that were compared: none where one of the versions answers none. */
  readonly labels: number;
  /**
   * A label differs, or there are not as many of them, or of an output's numbers, in both; or two
   * numbers have no distance: one isn't a number, or infinite, where the other is not the same.
   */
  readonly disagreed: boolean;
  /** Numbers that were compared, the sum and the largest of their absolute differences: finite. */
  readonly numbers: number;
  readonly distanceSum: number;
  readonly distanceMax: number;
}

/** Distances beyond it are none, so that sums of many stay finite: they are kept as JSON. */
const MAX_DISTANCE = 1e200;

/**
 * Holds one version's answer against another's. What only one of them has at all, labels or an
 * output, isn't compared: whether it may be missing is a question of compatibility.
 */
export function compareObserved(one: Observed, other: Observed): Comparison {
  const labels =
    one.labels.length > 0 && other.labels.length > 0
      ? Math.max(one.labels.length, other.labels.length)
      : 0;
  let disagreed = false;
  for (let row = 0; row < labels; row++) {
    if (one.labels[row] !== other.labels[row]) disagreed = true;
  }
  let numbers = 0;
  let distanceSum = 0;
  let distanceMax = 0;
  for (const [output, ones] of one.numbers) {
    const others = other.numbers.get(output);
    if (!others) continue;
    if (others.length !== ones.length) {
      disagreed = true;
      continue;
    }
    for (let index = 0; index < ones.length; index++) {
      const distance = distanceOf(ones[index] as number, others[index] as number);
      if (distance > MAX_DISTANCE) {
        disagreed = true;
        continue;
      }
      numbers++;
      distanceSum += distance;
      distanceMax = Math.max(distanceMax, distance);
    }
  }
  return { labels, disagreed, numbers, distanceSum, distanceMax };
}

/** Infinity where there is none. */
function distanceOf(one: number, other: number): number {
  if (Object.is(one, other)) return 0;
  const distance = Math.abs(one - other);
  return Number.isNaN(distance) ? Number.POSITIVE_INFINITY : distance;
}
