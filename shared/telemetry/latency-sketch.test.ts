import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import {
  countAbove,
  EMPTY_SKETCH,
  type LatencySketch,
  mergeSketches,
  quantile,
  RELATIVE_ERROR,
  SketchBuilder,
} from './latency-sketch.ts';

const latency = fc.double({ min: 0.002, max: 1e7, noNaN: true });
const latencies = fc.array(latency, { minLength: 1, maxLength: 300 });

function sketchOf(values: readonly number[]): LatencySketch {
  const builder = new SketchBuilder();
  for (const value of values) builder.add(value);
  return builder.sketch();
}

describe('a latency sketch', () => {
  test('merged with others is what one would have counted', () => {
    fc.assert(
      fc.property(fc.array(latencies, { maxLength: 5 }), (parts) => {
        expect(mergeSketches(parts.map(sketchOf))).toEqual(sketchOf(parts.flat()));
      }),
    );
  });

  test('has every quantile within its error', () => {
    fc.assert(
      fc.property(latencies, fc.double({ min: 0, max: 1, noNaN: true }), (values, q) => {
        const sorted = [...values].sort((a, b) => a - b);
        const exact = sorted[Math.floor(q * (sorted.length - 1))] ?? Number.NaN;
        const found = quantile(sketchOf(values), q) ?? Number.NaN;
        expect(Math.abs(found - exact) / exact).toBeLessThanOrEqual(RELATIVE_ERROR * (1 + 1e-9));
      }),
    );
  });

  test('counts what took longer, but for what is within the error of it', () => {
    fc.assert(
      fc.property(latencies, latency, (values, ms) => {
        const above = countAbove(sketchOf(values), ms);
        const width = (1 + RELATIVE_ERROR) / (1 - RELATIVE_ERROR);
        expect(above).toBeLessThanOrEqual(values.filter((value) => value > ms).length);
        expect(above).toBeGreaterThanOrEqual(
          values.filter((value) => value > ms * width * (1 + 1e-9)).length,
        );
      }),
    );
  });

  test('holds a bounded number of buckets, whatever comes', () => {
    const builder = new SketchBuilder();
    for (let power = -400; power <= 400; power++) builder.add(10 ** power);
    for (const odd of [0, -1, Number.NaN, Infinity]) builder.add(odd);
    for (let i = 0; i < 100_000; i++) builder.add(1e-3 * 1.0003 ** i);
    const sketch = builder.sketch();
    expect(Object.keys(sketch.buckets).length).toBeLessThan(1500);
    expect(sketch.count).toBe(801 + 4 + 100_000);
  });

  test('of nothing has no quantile', () => {
    expect(quantile(EMPTY_SKETCH, 0.5)).toBeUndefined();
    expect(mergeSketches([])).toEqual(EMPTY_SKETCH);
  });

  test('survives JSON', () => {
    const sketch = sketchOf([1, 2, 3, 1000]);
    expect(JSON.parse(JSON.stringify(sketch))).toEqual(sketch);
  });
});
