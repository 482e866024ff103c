import { expect, test } from '@jest/globals';
import { isInlineable } from './inlining.ts';

const input = (shape: number[] | undefined) => ({
  inputs: [{ name: 'x', datatype: 'FP32' as const, shape }],
  outputs: [],
});

test('only what takes as long for any input', () => {
  const plain = { operators: { Gemm: 2 } };
  expect(isInlineable(input([-1, 64]), plain)).toBe(true);
  expect(isInlineable(input([-1, -1]), plain)).toBe(false);
  expect(isInlineable(input(undefined), plain)).toBe(false);
  expect(isInlineable(input([-1, 64]), { operators: { Gemm: 2, Loop: 1 } })).toBe(false);
});
