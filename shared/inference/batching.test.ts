import { describe, expect, test } from '@jest/globals';
import { type Batching, batchRows, bestBatch } from './batching.ts';

const curve = [
  { rows: 1, rowsPerSecond: 100 },
  { rows: 2, rowsPerSecond: 180 },
  { rows: 4, rowsPerSecond: 290 },
  { rows: 8, rowsPerSecond: 300 },
];
const proven: Batching = { proven: true, why: '', curve };

describe('the best batch', () => {
  test('is the smallest that is nearly as fast as any', () => {
    expect(bestBatch(curve)).toBe(4);
    expect(bestBatch(curve.slice(0, 1))).toBe(1);
    expect(bestBatch([])).toBe(1);
  });
});

describe('how many rows run as one', () => {
  test('the best batch of a model that is proven batchable', () => {
    expect(batchRows({ batching: proven, quantized: 'static' }, {})).toBe(4);
    expect(batchRows({ batching: { ...proven, proven: false }, quantized: 'no' }, {})).toBe(1);
    expect(batchRows({ quantized: 'no' }, {})).toBe(1);
  });
  test('never with scales of the request’s own, unless the card says so', () => {
    expect(batchRows({ batching: proven, quantized: 'dynamic' }, {})).toBe(1);
    expect(batchRows({ batching: proven, quantized: 'dynamic' }, { batching: 'always' })).toBe(4);
  });
  test('the card may forbid it, or want it unmeasured', () => {
    expect(batchRows({ batching: proven, quantized: 'no' }, { batching: 'never' })).toBe(1);
    const unmeasured = { proven: false, why: 'x', curve: [] };
    expect(batchRows({ batching: unmeasured, quantized: 'no' }, { batching: 'always' })).toBe(8);
  });
});
