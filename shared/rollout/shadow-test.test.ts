import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { shadowEvidence, TOLERATED_DISAGREEMENT } from './shadow-test.ts';

/** The binomial distribution's probabilities of 0 to `n`. */
function binomial(n: number, rate: number): number[] {
  const probabilities = [(1 - rate) ** n];
  for (let k = 0; k < n; k++) {
    probabilities.push((((probabilities[k] ?? 0) * (n - k)) / (k + 1)) * (rate / (1 - rate)));
  }
  return probabilities;
}

test('has expectation at most 1 while no more than the tolerated part disagrees', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 60 }),
      fc.double({ min: 0.001, max: TOLERATED_DISAGREEMENT, noNaN: true }),
      (compared, rate) => {
        const sums = shadowEvidence({ compared: 0, disagreed: 0 }).map(() => 0);
        for (const [disagreed, probability] of binomial(compared, rate).entries()) {
          for (const [i, log] of shadowEvidence({ compared, disagreed }).entries()) {
            sums[i] = (sums[i] ?? 0) + probability * Math.exp(log);
          }
        }
        for (const sum of sums) expect(sum).toBeLessThanOrEqual(1 + 1e-9);
      },
    ),
  );
});

test('grows when more disagree', () => {
  const at = (disagreed: number) => Math.max(...shadowEvidence({ compared: 100, disagreed }));
  expect(at(20)).toBeLessThan(0);
  expect(at(60)).toBeGreaterThan(Math.log(1000));
});
