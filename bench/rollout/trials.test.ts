import { describe, expect, test } from '@jest/globals';
import { TOTAL_ALPHA } from '../../shared/rollout/metrics.ts';
import { estimateQuantile } from './intervals.ts';
import { HARMFUL, HARMLESS } from './scenarios.ts';
import { falseAlarms } from './table.ts';
import { runTrials } from './trials.ts';

const RUNS = 120;

/** So many of `runs` are passed with a chance below 0.001 where each has the chance `part`. */
function mostAlarms(runs: number, part: number): number {
  let [term, below, hits] = [(1 - part) ** runs, 0, 0];
  for (;;) {
    below += term;
    if (1 - below < 0.001) return hits;
    term *= ((runs - hits) / (hits + 1)) * (part / (1 - part));
    hits += 1;
  }
}

test('the bound on false alarms is the binomial distribution’s', () => {
  // By SciPy: binom.isf(0.001, 200, 0.01) and binom.isf(0.001, 10000, 0.01).
  expect(mostAlarms(200, 0.01)).toBe(8);
  expect(mostAlarms(10_000, 0.01)).toBe(132);
});

describe('a candidate that does no harm stays', () => {
  test.each(HARMLESS.filter(({ part }) => part === 1))('$name', (scenario) => {
    const outcomes = runTrials({ scenario, from: 100_000, to: 100_000 + RUNS });
    expect(falseAlarms(outcomes).value * RUNS).toBeLessThanOrEqual(mostAlarms(RUNS, TOTAL_ALPHA));
    expect(outcomes.filter(({ end }) => end === 'completed').length).toBeGreaterThan(0.9 * RUNS);
  });
});

describe('a candidate that does harm is taken back', () => {
  /** Twice the medians in docs/rollout-test.md. */
  const BOUNDS = new Map([
    ['errors 1 % → 3 % at 25 %', 1900],
    ['errors 1 % → 3 % at 50 %', 3000],
    ['p95 × 1.5 at 25 %', 550],
    ['p95 × 1.5 at 50 %', 1050],
  ]);

  test.each(HARMFUL.filter(({ name }) => BOUNDS.has(name)))('$name', (scenario) => {
    const outcomes = runTrials({ scenario, from: 100_000, to: 100_040 });
    const metric = scenario.harm.startsWith('errors') ? 'errors' : 'latency';
    expect(outcomes.map((outcome) => outcome.metric)).toEqual(outcomes.map(() => metric));
    const requests = outcomes.map((outcome) => outcome.requests);
    expect(estimateQuantile(requests, 0.5).value).toBeLessThan(BOUNDS.get(scenario.name) ?? 0);
  });
});

test('a run is the same whenever it is run', () => {
  const [scenario] = HARMLESS;
  if (!scenario) throw new Error('no scenario');
  const whole = runTrials({ scenario, from: 0, to: 3 });
  expect(runTrials({ scenario, from: 2, to: 3 })).toEqual(whole.slice(2));
});
