import { describe, expect, test } from '@jest/globals';
import { isBroken, LONG, pauseMs, USUAL } from './retrying.ts';

const NOW = Date.parse('2030-01-01T00:00:00Z');

describe('the pause before an attempt', () => {
  test.each([
    ['5', 5_000],
    ['0', 0],
    ['Tue, 01 Jan 2030 00:00:07 GMT', 7_000],
    ['Mon, 31 Dec 2029 23:00:00 GMT', 0],
    ['86400', 60_000],
    ['soon', 500],
  ])('after Retry-After: %s', (header, ms) => {
    expect(pauseMs(2, header, NOW)).toBe(ms);
  });

  test('grows unasked, to half a minute', () => {
    const pauses = [2, 3, 4, 5, 6, 7, 8, 9, 10].map((next) => pauseMs(next, undefined, NOW));
    expect(pauses).toEqual([500, 1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000, 30_000]);
  });
});

test('a refused connection is waited for only where a server was', () => {
  const refused = Object.assign(new Error('x'), { code: 'ECONNREFUSED' });
  expect([isBroken(refused, USUAL), isBroken(refused, LONG)]).toEqual([false, true]);
  expect(isBroken(new Error('x'), LONG)).toBe(false);
});
