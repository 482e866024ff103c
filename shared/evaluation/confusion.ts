import type { Confusion } from './quality.ts';

/** Errors that are listed, and classes that a whole matrix is given for. */
const TOP = 20;

interface Answers {
  readonly classes: readonly string[];
  readonly truth: Int32Array;
  readonly answered: Int32Array;
  /** Every class; undefined: too many for a matrix. */
  readonly shown: readonly number[] | undefined;
}

/** Which classes are taken for which. */
export function confusionOf({ classes, truth, answered, shown }: Answers): Confusion {
  const errors = new Map<number, number>();
  const counts = shown?.map(() => new Array<number>(shown.length).fill(0));
  let noClass = 0;
  for (let row = 0; row < truth.length; row++) {
    const is = truth[row] ?? 0;
    const said = answered[row] ?? -1;
    if (said < 0) {
      noClass += 1;
      continue;
    }
    const line = counts?.[is];
    if (line) line[said] = (line[said] ?? 0) + 1;
    const error = is * classes.length + said;
    if (is !== said) errors.set(error, (errors.get(error) ?? 0) + 1);
  }
  const top = [...errors]
    .sort(([a, rowsOfA], [b, rowsOfB]) => rowsOfB - rowsOfA || a - b)
    .slice(0, TOP)
    .map(([error, rows]) => ({
      truth: classes[Math.floor(error / classes.length)] ?? '',
      answered: classes[error % classes.length] ?? '',
      rows,
    }));
  return { ...(counts && { counts }), noClass, top };
}
