import { describe, expect, test } from '@jest/globals';
import { Latencies } from './latencies.ts';

function of(values: readonly number[]): Latencies {
  const latencies = new Latencies();
  for (const value of values) latencies.add(value);
  return latencies;
}

describe('Latencies', () => {
  test('answer the value at a rank to one per cent', () => {
    const thousand = of(Array.from({ length: 1000 }, (_, index) => (index + 1) / 10));
    for (const [share, value] of [
      [0.001, 0.1],
      [0.5, 50],
      [0.99, 99],
      [1, 100],
    ] as const) {
      expect(Math.abs(thousand.quantile(share) / value - 1)).toBeLessThan(0.01);
    }
  });

  test('take the value itself at a rank, not one between two', () => {
    const two = of([1, 100]);
    expect(two.quantile(0.5)).toBeCloseTo(1, 1);
    expect(two.quantile(0.51)).toBeGreaterThan(99);
  });

  test('keep what is beyond their ends at their ends', () => {
    const odd = of([0, 1e12]);
    expect(odd.count).toBe(2);
    expect(odd.quantile(0)).toBeCloseTo(0.001, 4);
    expect(odd.quantile(1)).toBeGreaterThan(3_000_000);
  });

  test('of nothing are not a number', () => {
    expect(new Latencies().quantile(0.5)).toBeNaN();
  });

  test('add up, and survive a message between processes', () => {
    const merged = Latencies.merged([of([1, 2, 3]), new Latencies(of([1000]).counts)]);
    expect(merged.count).toBe(4);
    expect(merged.quantile(0.75)).toBeCloseTo(3, 1);
    expect(merged.quantile(1) / 1000).toBeCloseTo(1, 1);
  });
});
