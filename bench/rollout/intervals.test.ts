import { expect, test } from '@jest/globals';
import { estimatePart, estimateQuantile } from './intervals.ts';

/** By statsmodels 0.15: proportion_confint(count, nobs, method='wilson'). */
test.each([
  [0, 10_000, 0, 0.0003839983],
  [23, 1000, 0.0153742769, 0.0342764502],
  [10, 10, 0.7224672, 1],
])('the interval of %i in %i', (hits, runs, least, most) => {
  const estimate = estimatePart(hits, runs);
  expect(estimate.value).toBe(hits / runs);
  expect(estimate.least).toBeCloseTo(least, 6);
  expect(estimate.most).toBeCloseTo(most, 6);
});

test('a median lies between its order statistics', () => {
  const values = Array.from({ length: 101 }, (_, i) => 100 - i);
  expect(estimateQuantile(values, 0.5)).toEqual({ value: 50, least: 40, most: 60 });
  expect(estimateQuantile([7], 0.9)).toEqual({ value: 7, least: 7, most: 7 });
});
