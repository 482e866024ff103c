import type { Datatype } from '../protocol/tensor.ts';
import type { BatchFormat } from './job.ts';

/** Where an input's values come from, in a row. */
export interface InputColumns {
  readonly name: string;
  readonly datatype: Datatype;
  /** The dimensions behind the first; their product is how many cells a row gives. */
  readonly dimensions: readonly number[];
  /** Indices into the row's cells (CSV), or the members' names (JSONL), row-major. */
  readonly cells: readonly number[] | readonly string[];
  /** What an empty cell becomes, by its place in `cells`; undefined: it fails the row. */
  readonly missing: readonly (number | string | boolean | undefined)[];
}

/** Everything needed to turn rows of text into tensors, and answers into rows of text. */
export interface RowTable {
  readonly format: BatchFormat;
  readonly delimiter: string;
  /** How many cells a row must have; 0 for JSONL. */
  readonly width: number;
  readonly inputs: readonly InputColumns[];
  /** What is passed on: indices (CSV) or names (JSONL). */
  readonly keep: readonly (number | string)[];
  /** The outputs, in order, and what a JSONL answer calls them. */
  readonly outputs: readonly { readonly name: string; readonly as: string }[];
  /** Rows in a run. */
  readonly runRows: number;
}

/** A row that could not be scored. */
export interface RowFailure {
  /** The line it begins on, counted from 0 within what was scored together. */
  readonly line: number;
  readonly reason: string;
  /** The row as it came. */
  readonly row: string;
}
