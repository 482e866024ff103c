import { elementCount } from '../protocol/shape.ts';
import type { TensorSpec } from '../protocol/tensor.ts';
import { isSingle } from './jsonl-output.ts';
import type { OutputColumns, RowTable } from './row-table.ts';

/** The dimensions of an output behind the rows'; undefined when even their number is open. */
export function outputDimensions({ shape }: TensorSpec): readonly number[] | undefined {
  if (!shape) return undefined;
  // Without a dimension for rows, all of it is the one row's that was run.
  return shape[0] === -1 || shape[0] === 1 ? shape.slice(1) : shape;
}

/** Whether only a run tells how many columns the outputs have: see `settleOutputs`. */
export function hasOpenOutputs({ outputs }: RowTable): boolean {
  return outputs.some(isOpen);
}

/** The table with what a trial run has found of outputs that the signature leaves open. */
export function settleOutputs(table: RowTable, found: readonly (readonly number[])[]): RowTable {
  return {
    ...table,
    outputs: table.outputs.map((output, index) => {
      const dimensions = found[index];
      return isOpen(output) && dimensions ? { ...output, dimensions } : output;
    }),
  };
}

/**
 * The names of a CSV output's columns: the kept ones, then for each output `NAME` where a row has one
 * value by [N] or [N,1], else `NAME_0` … `NAME_{K-1}`, row-major. A name that a kept column has
 * becomes `output.NAME`. What is still open counts as one value.
 */
export function outputColumns({ keep, columns, outputs }: RowTable): string[] {
  const kept = keep.map((each) => (typeof each === 'number' ? (columns[each] ?? '') : each));
  const names = outputs.flatMap((output) => {
    const dimensions = isOpen(output) ? [] : (output.dimensions ?? []);
    if (isSingle(dimensions)) return [output.name];
    return Array.from(
      { length: elementCount(dimensions) },
      (_, index) => `${output.name}_${index}`,
    );
  });
  return [...kept, ...names.map((name) => freeName(name, kept))];
}

/** The name, in front of which `output.` stands as often as others have it. */
export function freeName(name: string, taken: readonly string[]): string {
  return taken.includes(name) ? freeName(`output.${name}`, taken) : name;
}

function isOpen({ dimensions }: OutputColumns): boolean {
  return !dimensions || dimensions.includes(-1);
}
