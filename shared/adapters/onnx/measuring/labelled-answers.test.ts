import { describe, expect, test } from '@jest/globals';
import { answerSource } from '../../../evaluation/answer-source.ts';
import type { Datatype, Signature, Tensor } from '../../../protocol/tensor.ts';
import type { Card } from '../../../registry/card.ts';
import { Answers } from './answers.ts';
import { chooseRows, openEvaluation } from './evaluation-rows.ts';
import { labelled } from './labelled-answers.ts';

/** What a model that gives these outputs answered, and the file's labels. */
function bring(
  labels: readonly string[],
  outputs: readonly Tensor[],
  { card = {}, failed = [] }: { card?: Card; failed?: readonly number[] } = {},
) {
  const signature: Signature = {
    inputs: [{ name: 'x', datatype: 'FP32', shape: [-1, 1] }],
    outputs: outputs.map(({ name, datatype, shape }) => ({
      name,
      datatype,
      shape: [-1, ...shape.slice(1)],
    })),
  };
  const reader = { signature, card, batchRows: 1 };
  const text = ['a,label', ...labels.map((label, row) => `${row},${label}`)].join('\n');
  const rows = chooseRows(openEvaluation(Buffer.from(text), reader), reader, 1_000);
  const answers = new Answers(answerSource(signature, card), signature, labels.length);
  answers.take(Int32Array.from(labels.keys()), [], outputs);
  for (const row of failed) {
    answers.labels[row] = undefined;
    answers.fail(row, 'failed');
  }
  const found = labelled(rows, card, { version: answers });
  if (typeof found === 'string') throw new Error(found);
  return found;
}

function tensor(
  name: string,
  datatype: Datatype,
  width: number,
  values: number[] | string[],
): Tensor {
  const shape = width === 0 ? [values.length] : [values.length / width, width];
  const data =
    datatype === 'BYTES'
      ? (values as string[])
      : datatype === 'INT64'
        ? BigInt64Array.from(values as number[], BigInt)
        : datatype === 'BOOL'
          ? Uint8Array.from(values as number[])
          : Float64Array.from(values as number[]);
  return { name, datatype, shape, data };
}

describe('labels', () => {
  test('integers are indices of the card’s words, in the answer and in the file', () => {
    const { input } = bring(['1', 'yes', 'no'], [tensor('label', 'INT64', 0, [1, 1, 1])], {
      card: { labels: ['no', 'yes'], positive: 'yes' },
    });
    expect(input).toMatchObject({
      classes: ['no', 'yes'],
      positive: 1,
      truth: Int32Array.of(1, 1, 0),
      version: { labels: Int32Array.of(1, 1, 1) },
    });
  });

  test('words of their own; one that no label has is no class', () => {
    const { input } = bring(['b', 'a', 'b'], [tensor('label', 'BYTES', 0, ['b', 'a', 'z'])]);
    expect(input).toMatchObject({
      classes: ['a', 'b'],
      truth: Int32Array.of(1, 0, 1),
      version: { labels: Int32Array.of(1, 0, -1) },
    });
  });

  test('BOOL is what 0 and 1 are', () => {
    const { input } = bring(['1', '0'], [tensor('label', 'BOOL', 0, [1, 1])]);
    expect(input).toMatchObject({
      classes: ['0', '1'],
      truth: Int32Array.of(1, 0),
      version: { labels: Int32Array.of(1, 1) },
    });
  });
});

describe('scores', () => {
  test('the highest counts; classes that have no row count too', () => {
    const scores = tensor('scores', 'FP64', 3, [0.1, 0.2, 0.7, 0.5, 0.3, 0.2]);
    const { input } = bring(['0', '1'], [scores]);
    expect(input).toMatchObject({
      classes: ['0', '1', '2'],
      truth: Int32Array.of(0, 1),
      version: { labels: Int32Array.of(2, 0), scores: scores.data },
    });
  });

  test('a place among the scores is a place among the card’s labels, numbers though they are', () => {
    const { input } = bring(['5', '7'], [tensor('scores', 'FP64', 2, [0.9, 0.1, 0.2, 0.8])], {
      card: { labels: ['5', '7'] },
    });
    expect(input.version.labels).toEqual(Int32Array.of(0, 1));
  });

  test('one probability is the positive class’s', () => {
    const card: Card = { task: 'classification', labels: ['leaves', 'stays'], positive: 'leaves' };
    const { input } = bring(['leaves', 'stays'], [tensor('p', 'FP64', 0, [0.75, 0.25])], { card });
    expect(input).toMatchObject({
      positive: 0,
      version: {
        labels: Int32Array.of(0, 1),
        scores: Float64Array.of(0.75, 0.25, 0.25, 0.75),
      },
    });
  });

  test('a row that failed is no class, and its scores prefer none', () => {
    const scores = tensor('scores', 'FP64', 2, [0.9, 0.1, Number.NaN, Number.NaN]);
    const { input } = bring(['0', '1'], [scores], { failed: [1] });
    expect(input.version).toEqual({
      labels: Int32Array.of(0, -1),
      scores: Float64Array.of(0.9, 0.1, 0.5, 0.5),
    });
  });
});

test('a regression: rows that failed are as wrong as the labels allow', () => {
  const { input, unlabelled } = bring(
    ['1', '10', 'many', '4'],
    [tensor('value', 'FP64', 0, [1.5, 0, 7, 3.5])],
    { card: { task: 'regression' }, failed: [1] },
  );
  expect(input).toMatchObject({
    task: 'regression',
    truth: Float64Array.of(1, 10, 4),
    version: { values: Float64Array.of(1.5, 1, 3.5) },
    lines: Int32Array.of(2, 3, 5),
  });
  expect(unlabelled).toEqual([{ row: 2, why: expect.stringMatching(/finite number, got "many"/) }]);
});
