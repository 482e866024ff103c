/** A figure and its 95 % interval. */
export interface Estimate {
  readonly value: number;
  readonly least: number;
  readonly most: number;
}

/** The normal distribution's 97.5 % point. */
const Z = 1.959963984540054;

/** A part that was seen `hits` times in `runs`, by Wilson's score interval: sound near 0, too. */
export function estimatePart(hits: number, runs: number): Estimate {
  const value = hits / runs;
  const square = Z * Z;
  const middle = (value + square / (2 * runs)) / (1 + square / runs);
  const half =
    (Z / (1 + square / runs)) *
    Math.sqrt((value * (1 - value)) / runs + square / (4 * runs * runs));
  return { value, least: Math.max(0, middle - half), most: Math.min(1, middle + half) };
}

/** The value that a part `q` does not pass, with the order statistics that bound it. */
export function estimateQuantile(values: readonly number[], q: number): Estimate {
  const sorted = [...values].sort((a, b) => a - b);
  const at = (rank: number) =>
    sorted[Math.min(sorted.length - 1, Math.max(0, Math.round(rank)))] ?? Number.NaN;
  const rank = q * (sorted.length - 1);
  const half = Z * Math.sqrt(sorted.length * q * (1 - q));
  return { value: at(rank), least: at(rank - half), most: at(rank + half) };
}
