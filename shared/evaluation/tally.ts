/** What is needed of a confusion matrix for all figures of counts: its diagonal and its margins. */
export interface Tally {
  rows: number;
  /** By class: rows of it that were answered with it. */
  readonly right: Float64Array;
  /** By class: rows of it. */
  readonly truth: Float64Array;
  /** By class: rows that were answered with it. Answers of no class (-1) are in none. */
  readonly answered: Float64Array;
}

export function emptyTally(classes: number): Tally {
  return {
    rows: 0,
    right: new Float64Array(classes),
    truth: new Float64Array(classes),
    answered: new Float64Array(classes),
  };
}

export function clearTally(tally: Tally): void {
  tally.rows = 0;
  tally.right.fill(0);
  tally.truth.fill(0);
  tally.answered.fill(0);
}

/** Adds `rows` rows of class `truth` that were answered with class `answered`. */
export function addToTally(tally: Tally, truth: number, answered: number, rows: number): void {
  tally.rows += rows;
  tally.truth[truth] = (tally.truth[truth] ?? 0) + rows;
  if (answered >= 0) tally.answered[answered] = (tally.answered[answered] ?? 0) + rows;
  if (truth === answered) tally.right[truth] = (tally.right[truth] ?? 0) + rows;
}

export function tallyOf(classes: number, truth: Int32Array, answered: Int32Array): Tally {
  const tally = emptyTally(classes);
  for (const [row, is] of truth.entries()) addToTally(tally, is, answered[row] ?? -1, 1);
  return tally;
}

/** Of some of the rows. Classes get small numbers of their own: few rows have few of many classes. */
export function partTally(truth: Int32Array, answered: Int32Array, rows: readonly number[]): Tally {
  const compact = compactClasses();
  const pairs = rows.map(
    (row) => [compact(truth[row] ?? 0), compact(answered[row] ?? -1)] as const,
  );
  const tally = emptyTally(compact.numbers.size);
  for (const [is, said] of pairs) addToTally(tally, is, said, 1);
  return tally;
}

/** Numbers classes from 0 as they come; -1 stays -1. `numbers` has the number of each. */
export function compactClasses(): ((index: number) => number) & {
  readonly numbers: ReadonlyMap<number, number>;
} {
  const numbers = new Map<number, number>();
  const compact = (index: number): number => {
    if (index < 0) return -1;
    const known = numbers.get(index);
    if (known !== undefined) return known;
    numbers.set(index, numbers.size);
    return numbers.size - 1;
  };
  return Object.assign(compact, { numbers });
}
