import type { Datatype } from '../protocol/tensor.ts';
import type { BatchFormat } from './job.ts';

/** Where an input's values come from, in a row. */
export interface InputColumns {
  readonly name: string;
  readonly datatype: Datatype;
  /** The dimensions behind the rows'; their product is how many cells a row gives. Absent: rank 0. */
  readonly dimensions?: readonly number[];
  /**
   * Indices into the row's cells (CSV), or the members' names (JSONL), row-major: as many as there
   * are cells; or one member, which holds them all.
   */
  readonly cells: readonly number[] | readonly string[];
  /** What an empty cell counts as, by its place in `cells`; null, or no entry: it fails the row. */
  readonly missing: readonly (string | null)[];
}

/** An output, as rows of answers have it. */
export interface OutputColumns {
  readonly name: string;
  /** What it is called where its own name is taken by a kept member (JSONL). */
  readonly as: string;
  /**
   * The dimensions behind the rows'; -1 is one that only a run tells; absent: a rank that only
   * a run tells.
   */
  readonly dimensions?: readonly number[];
}

/** Everything needed to turn rows of text into tensors, and answers into rows of text; all of it is JSON. */
export interface RowTable {
  readonly format: BatchFormat;
  /** One ASCII character. */
  readonly delimiter: string;
  /** Whether a record may go over several lines (CSV). */
  readonly quotedLineBreaks: boolean;
  /** The cells that a row must have, by name; empty for JSONL. */
  readonly columns: readonly string[];
  readonly inputs: readonly InputColumns[];
  /**
   * JSONL, for a model with one input: where a record lacks its member, the first members feed it
   * that are none of these. Absent: only its own.
   */
  readonly besides?: readonly string[];
  /** What is passed on: indices (CSV) or names (JSONL). */
  readonly keep: readonly number[] | readonly string[];
  readonly outputs: readonly OutputColumns[];
  /** Rows in a run, at most. */
  readonly runRows: number;
}

/** A row that could not be scored. */
export interface RowFailure {
  /** The line it begins on, counted from 0 within what was scored together. */
  readonly line: number;
  readonly reason: string;
  /** The row as it came, without its line break. */
  readonly row: string;
}

/** How many cells of a row an input takes. */
export function cellCount({ dimensions }: Pick<InputColumns, 'dimensions'>): number {
  return dimensions?.reduce((product, dimension) => product * dimension, 1) ?? 1;
}

/**
 * By input, which of a record's cells feed it: with CSV the columns; with JSONL each input's cells
 * stand behind those of the one before, and what is kept behind them all.
 */
export function placesOf({ format, inputs, keep }: RowTable): {
  inputs: readonly Int32Array[];
  keep: Int32Array;
  /** All that a record has. */
  cells: number;
} {
  if (format === 'csv') {
    const fed = inputs.map(({ cells }) => Int32Array.from(cells as readonly number[]));
    const kept = Int32Array.from(keep as readonly number[]);
    return {
      inputs: fed,
      keep: kept,
      cells: [...fed, kept].reduce((most, places) => places.reduce(larger, most), -1) + 1,
    };
  }
  let next = 0;
  const take = (count: number): Int32Array => {
    const from = next;
    next += count;
    return Int32Array.from({ length: count }, (_, index) => from + index);
  };
  const taken = inputs.map((input) => take(cellCount(input)));
  return { inputs: taken, keep: take(keep.length), cells: next };
}

const larger = (one: number, other: number): number => (one > other ? one : other);
