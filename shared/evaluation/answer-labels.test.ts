import { describe, expect, test } from '@jest/globals';
import { numberToFloat16 } from '../protocol/float16.ts';
import type { Datatype, Tensor, TensorData } from '../protocol/tensor.ts';
import { answerLabels, numberAt } from './answer-labels.ts';
import type { AnswerSource } from './answer-source.ts';

const tensor = (datatype: Datatype, shape: number[], data: TensorData): Tensor => ({
  name: 'y',
  datatype,
  shape,
  data,
});
const label: AnswerSource = { kind: 'label', output: 'y' };
const scores: AnswerSource = { kind: 'scores', output: 'y', binary: false };
const binary: AnswerSource = { kind: 'scores', output: 'y', binary: true };
const value: AnswerSource = { kind: 'value', output: 'y' };

describe('the labels of an answer', () => {
  test.each<[string, AnswerSource, Tensor, string[]]>([
    ['whole numbers', label, tensor('INT32', [2], Int32Array.of(-1, 7)), ['-1', '7']],
    [
      'beyond 2^53',
      label,
      tensor('INT64', [1, 1], BigInt64Array.of(2n ** 60n + 1n)),
      ['1152921504606846977'],
    ],
    ['text', label, tensor('BYTES', [2], ['ham', '']), ['ham', '']],
    ['yes and no', label, tensor('BOOL', [2], Uint8Array.of(1, 0)), ['true', 'false']],
    [
      'the class of the largest score',
      scores,
      tensor('FP32', [3, 3], Float32Array.of(0.1, 0.7, 0.2, -5, -6, -4, 9, 9, 1)),
      ['1', '2', '0'],
    ],
    [
      'infinite scores',
      scores,
      tensor('FP64', [2, 2], Float64Array.of(-Infinity, -Infinity, 1, Infinity)),
      ['0', '1'],
    ],
    ['a score that is none', scores, tensor('FP32', [1, 2], Float32Array.of(1, NaN)), ['NaN']],
    [
      'halves of floats',
      scores,
      tensor('FP16', [1, 3], Uint16Array.from([-2, -1, -3], numberToFloat16)),
      ['1'],
    ],
    [
      'a probability',
      binary,
      tensor('FP32', [4, 1], Float32Array.of(0.5, 0.51, 0, NaN)),
      ['0', '1', '0', 'NaN'],
    ],
    ['a value', value, tensor('FP32', [1], Float32Array.of(1)), []],
    ['no rows', label, tensor('INT32', [0], new Int32Array()), []],
    ['another shape', label, tensor('INT32', [1, 2], Int32Array.of(1, 2)), []],
    ['scores of another shape', scores, tensor('FP32', [1, 2, 1], Float32Array.of(1, 2)), []],
    ['a scalar', label, tensor('INT32', [], Int32Array.of(3)), []],
  ])('%s', (_, source, output, labels) => {
    expect(answerLabels(source, output, 64)).toEqual(labels);
  });

  test('as many as are wanted, from the first on', () => {
    const output = tensor('UINT8', [5], Uint8Array.of(5, 4, 3, 2, 1));
    expect(answerLabels(label, output, 3)).toEqual(['5', '4', '3']);
  });
});

test('an element of half a float is its value, not its bits', () => {
  expect(numberAt(tensor('FP16', [1], Uint16Array.of(0x3c00)), 0)).toBe(1);
});
