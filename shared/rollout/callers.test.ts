import { describe, expect, test } from '@jest/globals';
import { type CallerOutcome, Callers } from './callers.ts';

const fails: CallerOutcome = { error: true, slow: undefined, label: undefined };
const answers = (label: string, slow = false): CallerOutcome => ({ error: false, slow, label });
const NOTHING = { errorAgain: false, slowAgain: false, labelAgain: false };

describe('callers', () => {
  test('repeat what they came to the time before, on one version', () => {
    const callers = new Callers();
    expect(callers.repeats('candidate', 0.5, fails)).toEqual(NOTHING);
    expect(callers.repeats('candidate', 0.5, fails)).toEqual({ ...NOTHING, errorAgain: true });
    expect(callers.repeats('production', 0.5, fails)).toEqual(NOTHING);
    expect(callers.repeats('candidate', 0.25, fails)).toEqual(NOTHING);
    expect(callers.repeats('candidate', 0.5, answers('a', true))).toEqual(NOTHING);
    expect(callers.repeats('candidate', 0.5, answers('a', true))).toEqual({
      errorAgain: false,
      slowAgain: true,
      labelAgain: true,
    });
    expect(callers.repeats('candidate', 0.5, answers('b', false))).toEqual(NOTHING);
  });

  test('a request that fails leaves what its caller was answered before', () => {
    const callers = new Callers();
    callers.repeats('candidate', 0.5, answers('a', true));
    callers.repeats('candidate', 0.5, fails);
    expect(callers.repeats('candidate', 0.5, answers('a', true))).toMatchObject({
      errorAgain: false,
      labelAgain: true,
    });
  });

  test('without a routing key repeat nothing', () => {
    const callers = new Callers();
    for (let n = 0; n < 3; n++) {
      expect(callers.repeats('candidate', undefined, fails)).toEqual(NOTHING);
    }
  });

  test('the last 10,000 are known, however many there were', () => {
    const callers = new Callers();
    const many = 35_000;
    for (let n = 0; n < many; n++) callers.repeats('candidate', n / many, fails);
    for (let n = many - 1; n >= many - 5_000; n--) {
      expect(callers.repeats('candidate', n / many, fails).errorAgain).toBe(true);
    }
    expect(callers.repeats('candidate', 0, fails).errorAgain).toBe(false);
  });
});
