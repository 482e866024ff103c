import type { Folds } from './quality.ts';

const FOLDS = 5;
/** So many rows a fold, or its figure says nothing. */
const FEWEST_ROWS = 5;

/**
 * Deals rows to folds so that each fold has its share of every stratum: rows of a stratum are
 * shuffled, then dealt in turn, one stratum going on where the last one ended.
 */
export function dealFolds(strata: Iterable<readonly number[]>, random: () => number): number[][] {
  const folds: number[][] = Array.from({ length: FOLDS }, () => []);
  let next = 0;
  for (const stratum of strata) {
    for (const row of shuffled(stratum, random)) {
      folds[next]?.push(row);
      next = (next + 1) % FOLDS;
    }
  }
  return folds;
}

/** The spread of a figure over folds; undefined for so few rows that it says nothing. */
export function foldsOf(
  folds: readonly (readonly number[])[],
  figure: (rows: readonly number[]) => number,
): Folds | undefined {
  if (folds.some(({ length }) => length < FEWEST_ROWS)) return undefined;
  const values = folds.map(figure);
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return { values, mean, deviation: Math.sqrt(squares / (values.length - 1)) };
}

function shuffled(rows: readonly number[], random: () => number): number[] {
  const dealt = [...rows];
  for (let last = dealt.length - 1; last > 0; last--) {
    const other = Math.floor(random() * (last + 1));
    [dealt[last], dealt[other]] = [dealt[other] ?? 0, dealt[last] ?? 0];
  }
  return dealt;
}
