import { quantile } from './bootstrap.ts';
import { clipped } from './written.ts';

/** Values of a column that are looked at, the most frequent ones. */
const MOST_VALUES = 50;
/** A column of numbers with more distinct values is cut at its quartiles. */
const DISTINCT_NUMBERS = 20;
const SMALL_ROWS = 20;

/** Rows that belong together. */
export interface SliceRows {
  readonly column: string;
  /** The value, or the range of values. */
  readonly value: string;
  readonly rows: readonly number[];
  readonly small: boolean;
}

interface Columns {
  readonly slices: readonly SliceRows[];
  /** Columns with more values than were looked at. */
  readonly cut: readonly string[];
}

/** Cuts rows into slices by each column's values, the largest first. */
export function slicesOf(
  columns: readonly { readonly column: string; readonly values: readonly string[] }[],
): Columns {
  const slices: SliceRows[] = [];
  const cut: string[] = [];
  for (const { column, values } of columns) {
    const groups = [...groupsOf(values)].sort(([, a], [, b]) => b.length - a.length);
    if (groups.length > MOST_VALUES) cut.push(column);
    for (const [value, rows] of groups.slice(0, MOST_VALUES)) {
      slices.push({ column, value: clipped(value), rows, small: rows.length < SMALL_ROWS });
    }
  }
  return { slices, cut };
}

function groupsOf(values: readonly string[]): Map<string, number[]> {
  const name = rangeName(values) ?? ((value: string) => value);
  const groups = new Map<string, number[]>();
  for (const [row, value] of values.entries()) {
    const key = name(value);
    const group = groups.get(key);
    if (group) group.push(row);
    else groups.set(key, [row]);
  }
  return groups;
}

/** Names the quarter that a number lies in; undefined for a column that isn't of many numbers. */
function rangeName(values: readonly string[]): ((value: string) => string) | undefined {
  const given = values.filter((value) => value.trim() !== '');
  const numbers = Float64Array.from(given, Number);
  if (!numbers.every((number) => Number.isFinite(number))) return undefined;
  if (new Set(numbers).size <= DISTINCT_NUMBERS) return undefined;
  numbers.sort();
  const ends = [...new Set([0.25, 0.5, 0.75].map((share) => quantile(numbers, share)))];
  const last = ends.at(-1) ?? 0;
  return (value) => {
    if (value.trim() === '') return '';
    const at = ends.findIndex((end) => Number(value) <= end);
    if (at === 0) return `≤ ${String(ends[0])}`;
    if (at < 0) return `> ${String(last)}`;
    return `> ${String(ends[at - 1])}, ≤ ${String(ends[at])}`;
  };
}
