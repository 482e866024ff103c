import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { nearestDouble } from './nearest-double.ts';

test('the same double as Number(), or NaN', () => {
  let unsure = 0;
  let total = 0;
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER }),
      fc.nat(9),
      fc.nat(999_999_999),
      fc.nat(22),
      (upper, digits, part, scale) => {
        const lower = part % 10 ** digits;
        const text = `${upper}${digits === 0 ? '' : String(lower).padStart(digits, '0')}e-${scale}`;
        const value = nearestDouble(upper, digits, lower, scale);
        total++;
        if (Number.isNaN(value)) unsure++;
        else expect(value).toBe(Number(text));
      },
    ),
    { numRuns: 20_000 },
  );
  // Only exact ties and their closest neighbours are left undecided.
  expect(unsure).toBeLessThan(total / 50);
});

test('the middle between two doubles is left undecided', () => {
  // 2 ** 53 + 1: between two doubles, as 900719925474099 × 10 + 3.
  expect(nearestDouble(900_719_925_474_099, 1, 3, 0)).toBeNaN();
  expect(nearestDouble(900_719_925_474_099, 1, 4, 0)).toBe(2 ** 53 + 2);
});
