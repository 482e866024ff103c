import { expect, test } from '@jest/globals';
import { seenAnswer } from './seen-answer.ts';

const timings = { decode: 1, queue: 2, infer: 3_000_000, encode: 4 };

test.each([
  ['alone', 2, 2, 3_000_000],
  ['with others, and first of them', 2, 8, undefined],
  ['with others, one of which counts the run', 2, 0, undefined],
  ['with no rows', 0, 0, undefined],
])('a request that ran %s: its run takes %s of %s rows', (_, rows, runRows, inferNs) => {
  expect(seenAnswer({ timings, rows, runRows }, undefined).inferNs).toBe(inferNs);
});
