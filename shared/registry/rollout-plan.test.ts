import { describe, expect, test } from '@jest/globals';
import { failureOf, v } from '../../test/rollout-records.ts';
import { planOf, type WantedRollout } from './rollout-plan.ts';

describe('a plan', () => {
  test('what is left out has a default', () => {
    expect(planOf({ version: v(2) }, v(1))).toEqual({
      version: 2,
      from: 1,
      steps: [1, 5, 25, 50, 100],
      minRequests: 100,
      minSeconds: 60,
      allowBreaking: false,
    });
    expect(planOf({ version: v(2), minRequests: 7, shadow: { percent: 10 } }, v(1)).shadow).toEqual(
      { percent: 10, minRequests: 7 },
    );
  });

  test('steps end with 100', () => {
    const stepsOf = (steps: number[]) => planOf({ version: v(2), steps }, v(1)).steps;
    expect(stepsOf([0.1, 99.9])).toEqual([0.1, 99.9, 100]);
    expect(stepsOf([100])).toEqual([100]);
  });

  test.each<[Partial<WantedRollout>, string]>([
    [{ steps: [] }, 'rollout.steps: expected 1 to 20 percentages, got 0'],
    [
      { steps: Array.from({ length: 21 }, (_, n) => n + 1) },
      'expected 1 to 20 percentages, got 21',
    ],
    [{ steps: [0, 5] }, 'rollout.steps[0]: expected a percentage above 0 and up to 100, got 0'],
    [
      { steps: [50, 101] },
      'rollout.steps[1]: expected a percentage above 0 and up to 100, got 101',
    ],
    [{ steps: [5, Number.NaN] }, 'rollout.steps[1]: expected a percentage'],
    [{ steps: [5, 5] }, 'rollout.steps[1]: expected more than the step before (5), got 5'],
    [{ steps: [100, 5] }, 'rollout.steps[1]: expected more than the step before (100), got 5'],
    [{ minRequests: 1.5 }, 'rollout.minRequests: expected a whole number from 0'],
    [{ minRequests: -1 }, 'rollout.minRequests: expected a whole number from 0'],
    [{ minSeconds: -1 }, 'rollout.minSeconds: expected 0 to 2592000, got -1'],
    [{ minSeconds: Number.POSITIVE_INFINITY }, 'rollout.minSeconds: expected 0 to 2592000'],
    [{ shadow: { percent: 0 } }, 'rollout.shadow.percent: expected a percentage above 0'],
    [{ shadow: { percent: 5, minRequests: 0.5 } }, 'rollout.shadow.minRequests: expected a whole'],
  ])('%j is refused', (wanted, text) => {
    const told = failureOf(() => planOf({ version: v(2), ...wanted }, v(1)));
    expect(told).toContain(`malformed: `);
    expect(told).toContain(text);
  });
});
