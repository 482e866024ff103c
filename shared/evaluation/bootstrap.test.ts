import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { drawBinomial } from './binomial-draw.ts';
import { drawCells, drawRows, figureOf, quantile, resamplesFor } from './bootstrap.ts';
import { bootstrapCounts } from './count-bootstrap.ts';
import { generator } from './random.ts';

const { binomial } = JSON.parse(readFileSync('test/oracles/metrics.json', 'utf8')) as {
  readonly binomial: [number, number, number[]][];
};

test.each(binomial)('draws of %d tries at %f are spread as SciPy says', (tries, odds, masses) => {
  const random = generator(3);
  const draws = 100_000;
  const counts = new Array<number>(tries + 1).fill(0);
  for (let draw = 0; draw < draws; draw++) {
    const drawn = drawBinomial(tries, odds, random);
    counts[drawn] = (counts[drawn] ?? 0) + 1;
  }
  // Pearson's statistic over what is expected often enough; its mean is its degrees of freedom.
  let statistic = 0;
  let freedom = -1;
  for (const [value, mass] of masses.entries()) {
    const expected = mass * draws;
    if (expected < 5) continue;
    statistic += ((counts[value] ?? 0) - expected) ** 2 / expected;
    freedom += 1;
  }
  expect(freedom).toBeGreaterThan(3);
  expect(statistic).toBeLessThan(freedom + 4 * Math.sqrt(2 * freedom));
  expect(counts).toHaveLength(tries + 1);
});

test('a draw of rows or cells is as large as what it is drawn from', () => {
  const random = generator(4);
  const weights = new Float64Array(1_000);
  const counts = Float64Array.of(600, 300, 90, 9, 1);
  const drawn = new Float64Array(5);
  let first = 0;
  for (let repeat = 0; repeat < 500; repeat++) {
    drawRows(weights, random);
    expect(weights.reduce((sum, weight) => sum + weight, 0)).toBe(1_000);
    drawCells(counts, drawn, random);
    expect(drawn.reduce((sum, rows) => sum + rows, 0)).toBe(1_000);
    first += drawn[0] ?? 0;
  }
  // The mean of 500 binomial draws: 600 ± 4 · √240 / √500.
  expect(Math.abs(first / 500 - 600)).toBeLessThan(2.8);
});

test('work is bounded: fewer resamples for more rows, none when they say nothing', () => {
  expect(resamplesFor(450)).toBe(2_000);
  expect(resamplesFor(100_000)).toBe(500);
  expect(resamplesFor(1_000_000)).toBe(0);
});

test('quantiles lie linearly between neighbours', () => {
  const sorted = Float64Array.of(1, 2, 4);
  expect([0, 0.25, 0.5, 0.75, 1].map((share) => quantile(sorted, share))).toEqual([
    1, 1.5, 2, 3, 4,
  ]);
});

test('a figure without number or resamples has no interval', () => {
  expect(figureOf(NaN, undefined)).toBeUndefined();
  expect(figureOf(0.5, undefined)).toEqual({ value: 0.5 });
  expect(figureOf(0.5, new Float64Array(500).fill(NaN))).toEqual({ value: 0.5 });
});

describe('95 % intervals of 300 data sets', () => {
  const classes = 3;
  const hit = 0.8;
  // The true F1 of each class, and so their mean, is 0.8: equally frequent, errors evenly spread.
  const covers = (
    rows: number,
    seed: number,
  ): Record<'accuracy' | 'macroF1' | 'paired', boolean> => {
    const random = generator(seed);
    const truth = Int32Array.from({ length: rows }, () => Math.floor(random() * classes));
    const mistaken = (of: Int32Array, kept: number): Int32Array =>
      of.map((is) => (random() < kept ? is : (is + 1 + Math.floor(random() * 2)) % classes));
    const version = mistaken(truth, hit);
    // As good, and right about most of the same rows.
    const production = mistaken(truth, hit).map((is, row) =>
      random() < 0.5 ? (version[row] ?? 0) : is,
    );
    const samples = bootstrapCounts({ truth, version, production, shown: [], random });
    const within = (of: Float64Array | undefined, value: number): boolean => {
      const { low = NaN, high = NaN } = figureOf(0, of) ?? {};
      return low <= value && value <= high;
    };
    return {
      accuracy: within(samples.version.accuracy, hit),
      macroF1: within(samples.version.macroF1, hit),
      paired: within(samples.difference?.macroF1, 0),
    };
  };

  test('hold the true figure about 95 % of the time', () => {
    const found = Array.from({ length: 300 }, (_, index) => covers(400, 1_000 + index));
    for (const name of ['accuracy', 'macroF1', 'paired'] as const) {
      const share = found.filter((one) => one[name]).length / found.length;
      expect(share).toBeGreaterThanOrEqual(0.92);
      expect(share).toBeLessThanOrEqual(0.98);
    }
  });
});
