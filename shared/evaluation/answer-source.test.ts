import { expect, test } from '@jest/globals';
import type { TensorSpec } from '../protocol/tensor.ts';
import { type AnswerSource, answerSource } from './answer-source.ts';

const label: TensorSpec = { name: 'label', datatype: 'INT64', shape: [-1] };
const probabilities: TensorSpec = { name: 'probabilities', datatype: 'FP32', shape: [-1, 3] };
const score: TensorSpec = { name: 'score', datatype: 'FP32', shape: [-1, 1] };
const flag: TensorSpec = { name: 'flagged', datatype: 'BOOL', shape: [-1, 1] };

test.each<[string, TensorSpec[], Parameters<typeof answerSource>[1], AnswerSource | undefined]>([
  [
    'a label and its probabilities',
    [label, probabilities],
    {},
    { kind: 'label', output: 'label', scores: 'probabilities' },
  ],
  ['a label alone', [score, label], {}, { kind: 'label', output: 'label' }],
  ['text', [{ ...label, datatype: 'BYTES' }], {}, { kind: 'label', output: 'label' }],
  ['the one that is named so', [flag, label], {}, { kind: 'label', output: 'label' }],
  [
    'a label rather than a class',
    [
      { ...flag, name: 'class_known' },
      { ...label, name: 'output_label' },
    ],
    {},
    { kind: 'label', output: 'output_label' },
  ],
  ['else the first', [flag, { ...label, name: 'x' }], {}, { kind: 'label', output: 'flagged' }],
  ['scores', [probabilities], {}, { kind: 'scores', output: 'probabilities', binary: false }],
  [
    'scores of nobody knows how many classes',
    [{ ...probabilities, shape: [-1, -1] }],
    {},
    { kind: 'scores', output: 'probabilities', binary: false },
  ],
  [
    'scores that are named so',
    [
      { ...probabilities, name: 'embedding' },
      { ...probabilities, name: 'logits' },
    ],
    {},
    { kind: 'scores', output: 'logits', binary: false },
  ],
  [
    'scores of as many classes as the card has labels',
    [{ ...probabilities, name: 'scores', shape: [-1, 8] }, probabilities],
    { labels: ['a', 'b', 'c'] },
    { kind: 'scores', output: 'probabilities', binary: false },
  ],
  ['a lone float', [score], {}, { kind: 'value', output: 'score' }],
  ['a lone float [N]', [{ ...score, shape: [-1] }], {}, { kind: 'value', output: 'score' }],
  [
    "a classifier's lone float",
    [score],
    { task: 'classification' },
    { kind: 'scores', output: 'score', binary: true },
  ],
  [
    'a lone float of what has labels',
    [score],
    { labels: ['no', 'yes'] },
    { kind: 'scores', output: 'score', binary: true },
  ],
  [
    "a regression's value beside other outputs",
    [label, probabilities, score],
    { task: 'regression' },
    { kind: 'value', output: 'score' },
  ],
  ['a regression of many values', [probabilities], { task: 'regression' }, undefined],
  ['pixels', [{ ...probabilities, shape: [-1, 3, 8, 8] }], {}, undefined],
  ['tokens', [{ ...label, shape: [-1, -1] }], {}, undefined],
  ['any rank', [{ ...label, shape: undefined }], {}, undefined],
  ['nothing', [], {}, undefined],
])('%s', (_, outputs, card, source) => {
  expect(answerSource({ inputs: [], outputs }, card)).toEqual(source);
});
