import { Z_95 } from './distributions.ts';
import type { Figure } from './quality.ts';

/** A share with its 95 % score interval (Wilson 1927), which holds for few rows too. */
export function wilson(successes: number, tries: number): Figure {
  const share = successes / tries;
  const square = Z_95 ** 2;
  const center = (successes + square / 2) / (tries + square);
  const half = (Z_95 / (tries + square)) * Math.sqrt(tries * share * (1 - share) + square / 4);
  return { value: share, low: Math.max(0, center - half), high: Math.min(1, center + half) };
}
