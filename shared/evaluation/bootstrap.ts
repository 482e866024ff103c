import { drawBinomial } from './binomial-draw.ts';
import type { Figure } from './quality.ts';

const RESAMPLES = 2_000;
/** From fewer, the ends of a 95 % interval can't be read. */
const FEWEST = 100;
/** What all resamples together may visit: a second or so. */
const MOST_VISITS = 50_000_000;

/** How often to draw anew when one resample visits so many rows or cells; 0: it would take too long. */
export function resamplesFor(visits: number): number {
  const affordable = Math.min(RESAMPLES, Math.floor(MOST_VISITS / Math.max(visits, 1)));
  return affordable < FEWEST ? 0 : affordable;
}

/** Draws as many rows as there are, with replacement; `weights` becomes how often each was drawn. */
export function drawRows(weights: Float64Array, random: () => number): void {
  weights.fill(0);
  for (let drawn = 0; drawn < weights.length; drawn++) {
    const row = (random() * weights.length) >>> 0; // rounds down
    weights[row] = (weights[row] ?? 0) + 1;
  }
}

/**
 * The same for rows that are told apart by their cell only: how many of each cell's rows were drawn
 * (a multinomial draw, cell after cell by binomials). The larger cells first is quicker.
 */
export function drawCells(counts: Float64Array, drawn: Float64Array, random: () => number): void {
  let total = 0;
  for (const count of counts) total += count;
  let toDraw = total;
  let left = total;
  for (let cell = 0; cell < counts.length; cell++) {
    const count = counts[cell] ?? 0;
    const successes = drawBinomial(toDraw, count >= left ? 1 : count / left, random);
    drawn[cell] = successes;
    toDraw -= successes;
    left -= count;
  }
}

/**
 * A figure with the percentile interval of its resamples (Efron 1979), NaN among them meaning that
 * one had no such figure. Undefined when the figure itself is no number.
 */
export function figureOf(value: number, samples: Float64Array | undefined): Figure | undefined {
  if (!Number.isFinite(value)) return undefined;
  const defined = samples?.filter((sample) => !Number.isNaN(sample)).sort();
  if (!defined || defined.length < FEWEST) return { value };
  return { value, low: quantile(defined, 0.025), high: quantile(defined, 0.975) };
}

/** Of numbers in ascending order, linear between neighbours. */
export function quantile(sorted: Float64Array, share: number): number {
  const at = share * (sorted.length - 1);
  const below = Math.floor(at);
  const low = sorted[below] ?? NaN;
  const high = sorted[below + 1] ?? low;
  return low + (high - low) * (at - below);
}
