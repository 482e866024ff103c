import { elementCount } from '../protocol/shape.ts';
import type { Signature, TensorSpec } from '../protocol/tensor.ts';
import type { Card } from '../registry/card.ts';
import { columnError, listed } from './column-error.ts';
import { type Feeding, feedOf } from './input-columns.ts';
import type { BatchRequest } from './job.ts';
import { missingTexts } from './missing-cells.ts';
import { freeName, outputDimensions } from './output-columns.ts';
import type { InputColumns, RowTable } from './row-table.ts';

/** What a table is made from. */
export interface TableSource {
  readonly signature: Signature;
  readonly card: Pick<Card, 'inputs' | 'label' | 'slices' | 'missing'>;
  readonly request: Pick<BatchRequest, 'format' | 'csv' | 'keep' | 'inputs' | 'outputs'>;
  /** CSV: see `csvColumns`. JSONL: none. */
  readonly columns: readonly string[];
  /** Rows of different requests that may be run as one; 1: the model runs row by row. */
  readonly batchRows: number;
}

/** Rows in a run where nobody waits for a single one: more gain nothing, for small models. */
const RUN_ROWS = 256;
/** Elements in a run's inputs: what a model makes of them is many times that. */
const RUN_ELEMENTS = 65_536;

/**
 * Settles which columns feed which input, what is passed on and what is given out. A column feeds the
 * input of its name; a single input takes, in order and row-major, the first columns that are neither
 * kept nor the card's label or slices; `inputs` (the card's, then the request's) overrides both.
 * [N] and [N,1] take one cell. @throws ServingError `malformed`, which names what doesn't fit
 */
export function rowTable(source: TableSource): RowTable {
  const { signature, card, request, columns } = source;
  const isCsv = request.format === 'csv';
  const keep = keptColumns(source);
  const feeding: Feeding = {
    signature,
    columns: isCsv ? columns : undefined,
    named: namedColumns(source),
    besides: [
      ...request.keep,
      ...(card.label === undefined ? [] : [card.label]),
      ...(card.slices ?? []),
    ],
  };
  const inputs = signature.inputs.map((spec): InputColumns => {
    const fed = feedOf(spec, feeding);
    const names = fed.cells.map((cell) =>
      typeof cell === 'number' ? (columns[cell] ?? '') : cell,
    );
    return { ...fed, missing: missingTexts(spec, names, card.missing) };
  });
  const [only, ...others] = inputs;
  const mayTakeAny = !isCsv && others.length === 0 && !feeding.named.has(only?.name ?? '');
  return {
    format: request.format,
    delimiter: request.csv.delimiter,
    quotedLineBreaks: request.csv.quotedLineBreaks,
    columns: isCsv ? columns : [],
    inputs,
    ...(mayTakeAny && { besides: feeding.besides }),
    keep,
    outputs: wantedOutputs(source).map((spec) => {
      const dimensions = outputDimensions(spec);
      return {
        name: spec.name,
        as: freeName(spec.name, request.keep),
        ...(dimensions && { dimensions }),
      };
    }),
    runRows: rowsOfRun(source, inputs),
  };
}

/** The columns of a CSV file by its first record's cells; a name may stand twice. */
export function csvColumns(cells: readonly string[], { header }: { header: boolean }): string[] {
  return cells.map((cell, index) => (header ? cell : `c${index}`));
}

function keptColumns({ request, columns }: TableSource): number[] | string[] {
  const { keep } = request;
  const twice = keep.find((name, index) => keep.indexOf(name) !== index);
  if (twice !== undefined) throw columnError(`keep: column \`${twice}\` stands there twice`);
  if (request.format === 'jsonl') return [...keep];
  return keep.map((name) => {
    const index = columns.indexOf(name);
    if (index < 0)
      throw columnError(`keep: there is no column \`${name}\`; there are ${listed(columns)}`);
    return index;
  });
}

/** By input, the columns that the card or the request names for it. */
function namedColumns({ signature, card, request }: TableSource): Map<string, readonly string[]> {
  const named = new Map<string, readonly string[]>();
  for (const [who, inputs] of [
    ['the card’s inputs', card.inputs],
    ['inputs', request.inputs],
  ] as const) {
    for (const [name, wanted] of Object.entries(inputs ?? {})) {
      if (!signature.inputs.some((spec) => spec.name === name)) {
        const known = listed(signature.inputs.map((spec) => spec.name));
        throw columnError(`${who}: the model takes no \`${name}\`; it takes ${known}`);
      }
      named.set(name, typeof wanted === 'string' ? [wanted] : wanted);
    }
  }
  return named;
}

function wantedOutputs({ signature, request }: TableSource): readonly TensorSpec[] {
  const { outputs } = request;
  if (!outputs || outputs.length === 0) return signature.outputs;
  const twice = outputs.find((name, index) => outputs.indexOf(name) !== index);
  if (twice !== undefined) throw columnError(`outputs: \`${twice}\` stands there twice`);
  return outputs.map((name) => {
    const spec = signature.outputs.find((each) => each.name === name);
    if (!spec) {
      const known = listed(signature.outputs.map((each) => each.name));
      throw columnError(`outputs: the model gives no \`${name}\`; it gives ${known}`);
    }
    return spec;
  });
}

/** Row by row where the model must, or where an input or output has no dimension for rows. */
function rowsOfRun({ signature, batchRows }: TableSource, inputs: readonly InputColumns[]): number {
  const isRowed = ({ shape }: TensorSpec): boolean => shape === undefined || shape[0] === -1;
  if (batchRows <= 1 || ![...signature.inputs, ...signature.outputs].every(isRowed)) return 1;
  const elements = inputs.reduce((sum, { dimensions }) => sum + elementCount(dimensions ?? []), 0);
  return Math.max(batchRows, Math.min(RUN_ROWS, Math.floor(RUN_ELEMENTS / Math.max(1, elements))));
}
