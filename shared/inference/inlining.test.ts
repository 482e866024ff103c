import { expect, test } from '@jest/globals';
import { isInlineable } from './inlining.ts';

const examined = (
  shape: number[] | undefined,
  operators: Record<string, number> = { Gemm: 2 },
) => ({
  signature: { inputs: [{ name: 'x', datatype: 'FP32' as const, shape }], outputs: [] },
  facts: { operators },
});

test('only what takes as long for any input', () => {
  expect(isInlineable(examined([-1, 64]))).toBe(true);
  expect(isInlineable(examined([-1, -1]))).toBe(false);
  expect(isInlineable(examined(undefined))).toBe(false);
  expect(isInlineable(examined([-1, 64], { Gemm: 2, Loop: 1 }))).toBe(false);
});

test('only what was quick: by the curve, or else by the first run', () => {
  const curve = (rowsPerSecond: number) => ({ batching: { curve: [{ rows: 1, rowsPerSecond }] } });
  expect(isInlineable({ ...examined([-1, 64]), runMs: 8 })).toBe(false);
  expect(isInlineable({ ...examined([-1, 64]), runMs: 8, ...curve(50_000) })).toBe(true);
  expect(isInlineable({ ...examined([-1, 64]), runMs: 1, ...curve(100) })).toBe(false);
});
