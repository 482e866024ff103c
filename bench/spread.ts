/** The middle and the ends of what the rounds measured. */
export interface Spread {
  readonly median: number;
  readonly least: number;
  readonly most: number;
}

/** @throws Error when there is nothing to spread */
export function spreadOf(values: readonly number[]): Spread {
  const sorted = [...values].sort((a, b) => a - b);
  const [least] = sorted;
  const most = sorted.at(-1);
  if (least === undefined || most === undefined) throw new Error('no round has been measured');
  return { median: median(sorted), least, most };
}

/**
 * One arm over another, round by round: each round's ratio is of neighbours in time, so that what
 * slows the machine for a while slows both. @throws Error unless both have the same rounds
 */
export function ratioOf(above: readonly number[], below: readonly number[]): Spread {
  if (above.length !== below.length) {
    throw new Error(`expected as many rounds of both, got ${above.length} and ${below.length}`);
  }
  return spreadOf(above.map((value, round) => value / (below[round] ?? Number.NaN)));
}

function median(sorted: readonly number[]): number {
  const middle = sorted.length / 2;
  const upper = sorted[Math.floor(middle)] ?? Number.NaN;
  if (!Number.isInteger(middle)) return upper;
  return (upper + (sorted[middle - 1] ?? Number.NaN)) / 2;
}
