import { expect, test } from '@jest/globals';
import { percentilesOf, timeRuns } from './run-times.ts';

test('percentiles by nearest rank, whatever the order', () => {
  const times = Array.from({ length: 100 }, (_, index) => ((index * 37) % 100) + 1);
  expect(percentilesOf(times)).toEqual({ p50: 50, p95: 95, p99: 99 });
  expect(percentilesOf([7])).toEqual({ p50: 7, p95: 7, p99: 7 });
});

test('runs as often as it is told, after one that doesn’t count', async () => {
  let runs = 0;
  const run = () => Promise.resolve((runs += 1));
  await timeRuns(run, { runs: 10, boundMs: 60_000, rounds: 3 });
  expect(runs).toBe(31);
});

test('with no time left it runs once, and rejects with what the run does', async () => {
  let runs = 0;
  await timeRuns(() => Promise.resolve((runs += 1)), { runs: 10, boundMs: 0, rounds: 3 });
  expect(runs).toBe(2);
  const failing = () => Promise.reject(new Error('it fails'));
  await expect(timeRuns(failing, { runs: 1, boundMs: 1, rounds: 1 })).rejects.toThrow('it fails');
});
