import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { logNormalizers, logProbability, type Margins, momentsOf } from './hypergeometric.ts';

/** By SciPy: test/oracles/rollout.py. */
const expected = JSON.parse(readFileSync('test/oracles/rollout.json', 'utf8')) as {
  fisher: {
    margins: Margins;
    odds: number;
    mean: number;
    variance: number;
    logs: [number, number][];
  }[];
  central: { margins: Margins; logs: [number, number][] }[];
};

function off(value: number, from: number): number {
  return Math.abs(value - from) / Math.max(1, Math.abs(from));
}

describe('Fisher’s noncentral hypergeometric distribution', () => {
  test.each(expected.fisher)('as SciPy has it: %j', ({ margins, odds, mean, variance, logs }) => {
    for (const [x, log] of logs) {
      expect(off(logProbability(margins, x, odds), log)).toBeLessThan(1e-9);
    }
    const moments = momentsOf(margins, odds);
    expect(off(moments.mean, mean)).toBeLessThan(1e-9);
    expect(off(moments.variance, variance)).toBeLessThan(1e-9);
  });

  test.each(expected.central)('with odds 1 the central one: %j', ({ margins, logs }) => {
    for (const [x, log] of logs) {
      expect(off(logProbability(margins, x, 1), log)).toBeLessThan(1e-9);
    }
  });

  test('probabilities add up to 1, whatever the margins', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 60 }),
        fc.integer({ min: 0, max: 300 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        fc.double({ min: 0.01, max: 100, noNaN: true }),
        (candidate, production, part, odds) => {
          const margins = {
            candidate,
            production,
            events: Math.round(part * (candidate + production)),
          };
          let sum = 0;
          const least = Math.max(0, margins.events - production);
          for (let x = least; x <= Math.min(candidate, margins.events); x++) {
            sum += Math.exp(logProbability(margins, x, odds));
          }
          expect(sum).toBeCloseTo(1, 10);
        },
      ),
    );
  });

  test('stays a number with hundreds of thousands of terms and extreme odds', () => {
    const margins = { candidate: 400_000, production: 500_000, events: 300_000 };
    const [low = 0, one = 0, high = 0] = logNormalizers(margins, [1e-6, 1, 1e6]);
    expect([low, one, high].every(Number.isFinite)).toBe(true);
    // Vandermonde: with odds 1 the weights are all ways to choose the events.
    const mean = momentsOf(margins, 1).mean;
    expect(mean).toBeCloseTo((300_000 * 400_000) / 900_000, 3);
    expect(momentsOf(margins, 1e6).mean).toBeGreaterThan(299_000);
    expect(low).toBeLessThan(one);
    expect(one).toBeLessThan(high);
  });
});
