import { float16ToNumber } from '../protocol/float16.ts';
import type { Tensor } from '../protocol/tensor.ts';
import type { AnswerSource } from './answer-source.ts';

/** What a label is when a score isn't a number. */
const NO_LABEL = 'NaN';

/**
 * The labels of an answer's first rows, at most `most`, as text: an element as it is, the number of
 * the class with the largest score (the first of equal ones), or 1 where the positive class's
 * probability is above a half, else 0. `output` is the tensor that `source` names. Empty where the
 * answer is a value, or the tensor's shape is not what the source says.
 */
export function answerLabels(source: AnswerSource, output: Tensor, most: number): string[] {
  const { shape, data } = output;
  const rows = shape[0] ?? 0;
  const count = Math.min(rows, most);
  if (source.kind === 'value' || count === 0) return [];
  const width = data.length / rows;
  if (source.kind === 'scores' && !source.binary) {
    return shape.length === 2 ? rowsOf(count, (row) => largest(output, row * width, width)) : [];
  }
  if (width !== 1) return [];
  return source.kind === 'label'
    ? rowsOf(count, (row) => elementText(output, row))
    : rowsOf(count, (row) => positive(numberAt(output, row)));
}

function rowsOf(count: number, label: (row: number) => string): string[] {
  return Array.from({ length: count }, (_, row) => label(row));
}

/** An element of a tensor of floats. */
export function numberAt({ datatype, data }: Tensor, index: number): number {
  const element = Number(data[index]);
  return datatype === 'FP16' ? float16ToNumber(element) : element;
}

function elementText({ datatype, data }: Tensor, index: number): string {
  const element = data[index];
  return datatype === 'BOOL' ? String(element === 1) : String(element);
}

function positive(probability: number): string {
  if (Number.isNaN(probability)) return NO_LABEL;
  return probability > 0.5 ? '1' : '0';
}

function largest(output: Tensor, from: number, classes: number): string {
  let best = 0;
  let highest = Number.NEGATIVE_INFINITY;
  for (let index = 0; index < classes; index++) {
    const score = numberAt(output, from + index);
    if (Number.isNaN(score)) return NO_LABEL;
    if (score <= highest) continue;
    best = index;
    highest = score;
  }
  return String(best);
}
