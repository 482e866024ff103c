import type { ShadowCounts } from './counts.ts';

/**
 * Part of the copies whose label may differ: a model that is worth rolling out often differs on the
 * hard cases, and seldom on a fifth of all.
 */
export const TOLERATED_DISAGREEMENT = 0.2;

const WATCHED = [0.25, 0.3, 0.4, 0.5, 0.7, 0.9];

/** Copies of a caller's requests are alike, and there are no blocks to measure by how much. */
const DISPERSION = 2;

/**
 * Log e-values against "at most `TOLERATED_DISAGREEMENT` of the copies disagree", one for each watched
 * rate: binomial likelihood ratios, of expectation 1 at the tolerated rate and less below it.
 */
export function shadowEvidence({
  compared,
  disagreed,
}: Pick<ShadowCounts, 'compared' | 'disagreed'>): number[] {
  return WATCHED.map(
    (rate) =>
      (disagreed * Math.log(rate / TOLERATED_DISAGREEMENT) +
        (compared - disagreed) * Math.log((1 - rate) / (1 - TOLERATED_DISAGREEMENT))) /
      DISPERSION,
  );
}
