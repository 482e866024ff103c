import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { MAX_NUMBER_BYTES, writeDouble, writeInteger, writeSingle } from './number-text.ts';

type Write = typeof writeSingle;

/** What is written; nothing but it may have been touched. */
function written(write: Write, value: number): string {
  const bytes = new Uint8Array(MAX_NUMBER_BYTES + 2).fill(0x23);
  const end = write(bytes, 1, value);
  expect(end).toBeLessThan(1 + MAX_NUMBER_BYTES);
  const text = Buffer.from(bytes).toString('latin1');
  expect(text.replaceAll('#', '')).toBe(text.slice(1, end));
  return text.slice(1, end);
}

const singleOf = (bits: number): number =>
  new Float32Array(Uint32Array.of(bits).buffer)[0] as number;

/** The nearest number of 7 or 8 digits if it reads back, else of 9. */
function shortest(value: number): string {
  for (let digits = 7; digits < 9; digits++) {
    const text = value.toExponential(digits - 1);
    if (Math.fround(Number(text)) === value) return text;
  }
  return value.toExponential(8);
}

const significantDigits = (text: string): number =>
  text.replace(/e.*/, '').replace(/[-.]/g, '').replace(/^0+/, '').replace(/0+$/, '').length;

describe('FP32', () => {
  test.each([
    [0.1, '0.1'],
    [-0.3, '-0.3'],
    [1 / 3, '0.33333334'],
    [16_777_216, '16777216'],
    [0, '0'],
    [-0, '-0'],
    [0.5, '0.5'],
    [100.25, '100.25'],
    [9.999999, '9.999999'],
    [0.99999994, '0.99999994'],
    [1e-6, '0.000001'],
    [1e-7, '1e-7'],
    [1.5e-7, '1.5e-7'],
    [-1.2345678e-20, '-1.2345678e-20'],
    [5e9, '5000000000'],
    [1e20, '100000000000000000000'],
    [1e21, '1e21'],
    [3.4028234663852886e38, '3.4028235e38'],
    [1.1754943508222875e-38, '1.17549435e-38'],
    [NaN, 'NaN'],
    [Infinity, 'Infinity'],
    [-Infinity, '-Infinity'],
  ])('%d is %s', (value, text) => {
    expect(written(writeSingle, Math.fround(value))).toBe(text);
  });

  test('every value reads back, with the fewest of 7, 8 or 9 digits', () => {
    // Normal ones, of all magnitudes.
    const bits = fc.oneof(
      fc.integer({ min: 0x0080_0000, max: 0x7f7f_ffff }),
      // 1e-6 to 1e6
      fc.integer({ min: 0x3580_0000, max: 0x4980_0000 }),
      // Powers of two and their neighbours, where the distance to the next value changes.
      fc
        .tuple(fc.integer({ min: 2, max: 253 }), fc.integer({ min: -2, max: 2 }))
        .map(([exponent, step]) => exponent * 0x80_0000 + step),
    );
    fc.assert(
      fc.property(bits, fc.boolean(), (pattern, negative) => {
        const value = singleOf(pattern) * (negative ? -1 : 1);
        const text = written(writeSingle, value);
        expect(text).toMatch(/^-?(0|[1-9]\d*)(\.\d+)?(e-?[1-9]\d*)?$/);
        expect(Math.fround(Number(text))).toBe(value);
        // Integers are written in full, powers of two at times with a digit or two more.
        if (Number.isInteger(value) || pattern % 0x80_0000 === 0) return;
        expect(significantDigits(text)).toBe(significantDigits(shortest(value)));
      }),
      { numRuns: 50_000 },
    );
  });

  test('decimals of up to six digits come out as they went in', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 999_999 }), fc.nat(6), (digits, places) => {
        const text = String(Number(`${digits}e-${places}`));
        expect(written(writeSingle, Math.fround(Number(text)))).toBe(text);
      }),
      { numRuns: 20_000 },
    );
  });

  test('subnormal values read back', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 0x7f_ffff }), (pattern) => {
        const value = singleOf(pattern);
        expect(Math.fround(Number(written(writeSingle, value)))).toBe(value);
      }),
    );
  });
});

test('integers', () => {
  fc.assert(
    fc.property(
      fc.oneof(fc.maxSafeInteger(), fc.integer(), fc.integer({ min: -300, max: 300 })),
      (value) => {
        expect(written(writeInteger, value)).toBe(String(value));
      },
    ),
    { numRuns: 10_000 },
  );
  for (const value of [999_999_999, 1e9, 1e9 + 1, 5e9 + 7, -1e15, 2 ** 53 - 1, 1 - 2 ** 53]) {
    expect(written(writeInteger, value)).toBe(String(value));
  }
});

test('FP64 as JavaScript writes it, but -0', () => {
  fc.assert(
    fc.property(fc.double(), (value) => {
      expect(written(writeDouble, value)).toBe(Object.is(value, -0) ? '-0' : String(value));
    }),
  );
});
