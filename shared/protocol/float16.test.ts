import { describe, expect, test } from '@jest/globals';
import { float16ToNumber, numberToFloat16 } from './float16.ts';

describe('binary16', () => {
  test('every bit pattern survives the round trip', () => {
    for (let bits = 0; bits < 0x10000; bits++) {
      const value = float16ToNumber(bits);
      if (Number.isNaN(value)) expect(numberToFloat16(value) & 0x7c00).toBe(0x7c00);
      else if (numberToFloat16(value) !== bits) throw new Error(`0x${bits.toString(16)}`);
    }
  });

  // Values from IEEE 754-2019, table 3.5 and the usual published examples of binary16.
  test.each([
    [1, 0x3c00],
    [-2, 0xc000],
    [65504, 0x7bff],
    [65519.99, 0x7bff],
    [65520, 0x7c00],
    [2 ** -24, 0x0001],
    [2 ** -25, 0x0000],
    [2 ** -14, 0x0400],
    [1 / 3, 0x3555],
    [-0, 0x8000],
    [Number.NEGATIVE_INFINITY, 0xfc00],
  ])('%d is written as its nearest pattern', (value, bits) => {
    expect(numberToFloat16(value)).toBe(bits);
  });

  test('ties go to the even neighbour, between every pair of neighbours', () => {
    for (let bits = 0; bits < 0x7bff; bits++) {
      const middle = (float16ToNumber(bits) + float16ToNumber(bits + 1)) / 2;
      const even = bits % 2 === 0 ? bits : bits + 1;
      if (numberToFloat16(middle) !== even) throw new Error(`0x${bits.toString(16)}`);
      if (numberToFloat16(middle * (1 + 2 ** -50)) !== bits + 1)
        throw new Error(`above 0x${bits.toString(16)}`);
    }
  });
});
