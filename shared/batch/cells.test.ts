import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { numberToFloat16 } from '../protocol/float16.ts';
import type { Datatype } from '../protocol/tensor.ts';
import { cellReader, EMPTY, TAKEN, WRONG } from './cells.ts';

function read(datatype: Datatype, text: string, emptyIsMissing = true) {
  const reader = cellReader(datatype, 2, { emptyIsMissing });
  const bytes = Buffer.from(`<${text}>`);
  const outcome = reader.read(bytes, 1, bytes.length - 1, 1);
  return outcome === TAKEN ? reader.data[1] : outcome === EMPTY ? 'empty' : 'wrong';
}

describe('cells become elements of their datatype', () => {
  test.each([
    ['FP64', '127', 127],
    ['FP64', '-0', -0],
    ['FP64', ' 5 ', 5],
    ['FP64', '\t1e3', 1000],
    ['FP64', '+1.5E-3', 0.0015],
    ['FP64', '.5', 0.5],
    ['FP64', '5.', 5],
    ['FP64', '0.30010000000000003', 0.30010000000000003],
    ['FP64', '123456789012345678901234567890', 1.2345678901234568e29],
    ['FP64', 'NaN', Number.NaN],
    ['FP64', 'nan', Number.NaN],
    ['FP64', 'Infinity', Number.POSITIVE_INFINITY],
    ['FP64', '-inf', Number.NEGATIVE_INFINITY],
    ['FP32', '19.5499992', Math.fround(19.5499992)],
    ['FP32', '1e38', Math.fround(1e38)],
    ['FP16', '0.1', numberToFloat16(0.1)],
    ['FP16', '-65504', numberToFloat16(-65504)],
    ['INT8', '-128', -128],
    ['INT8', '1.0', 1],
    ['INT32', '1e3', 1000],
    ['UINT32', '4294967295', 4_294_967_295],
    ['INT64', '-9223372036854775808', -(2n ** 63n)],
    ['INT64', '9007199254740993', 9_007_199_254_740_993n],
    ['INT64', '-7', -7n],
    ['INT64', '2.0', 2n],
    ['UINT64', '18446744073709551615', 2n ** 64n - 1n],
    ['BOOL', 'true', 1],
    ['BOOL', ' False', 0],
    ['BOOL', '1', 1],
    ['BOOL', '0', 0],
    ['BYTES', ' as it is ', ' as it is '],
    [
      'BYTES',
      'größer als dreißig Zeichen, und nicht nur ASCII',
      'größer als dreißig Zeichen, und nicht nur ASCII',
    ],
    ['BYTES', 'ö', 'ö'],
  ] as const)('%s: %p', (datatype, text, expected) => {
    expect(read(datatype, text)).toBe(expected);
  });

  test.each([
    ['FP32', 'abc'],
    ['FP32', '1,5'],
    ['FP32', '1e39'],
    ['FP32', '0x10'],
    ['FP32', '1 2'],
    ['FP32', '-'],
    ['FP32', '.'],
    ['FP32', '1.2.3'],
    ['FP64', '1e400'],
    ['FP16', '65520'],
    ['INT8', '128'],
    ['INT32', '1.5'],
    ['INT32', 'NaN'],
    ['UINT8', '-1'],
    ['INT64', '9223372036854775808'],
    ['INT64', '1e30'],
    ['UINT64', '-1'],
    ['UINT64', '18446744073709551616'],
    ['BOOL', 'yes'],
    ['BOOL', '2'],
    ['BYTES', 'a\0b'],
  ] as const)('%s refuses %p', (datatype, text) => {
    expect(read(datatype, text)).toBe('wrong');
  });

  test('nothing, or spaces alone, is an empty cell; text only where there is none', () => {
    for (const datatype of ['FP32', 'FP64', 'FP16', 'INT8', 'INT64', 'BOOL'] as const) {
      expect([read(datatype, ''), read(datatype, '  ')]).toEqual(['empty', 'empty']);
    }
    expect([read('BYTES', ''), read('BYTES', ' '), read('BYTES', '', false)]).toEqual([
      'empty',
      ' ',
      '',
    ]);
  });

  test('property: a number written in any precision is the nearest double, as JavaScript reads it', () => {
    const decimals = fc
      .tuple(fc.bigInt({ min: -(10n ** 25n), max: 10n ** 25n }), fc.nat(24))
      .map(([digits, places]) => {
        const text = String(digits)
          .replace('-', '')
          .padStart(places + 1, '0');
        const point = text.length - places;
        return `${digits < 0n ? '-' : ''}${text.slice(0, point)}${places > 0 ? '.' : ''}${text.slice(point)}`;
      });
    fc.assert(
      fc.property(fc.oneof(decimals, fc.double({ noNaN: true }).map(String)), (text) => {
        expect(read('FP64', text)).toBe(Number(text));
      }),
      { numRuns: 2_000 },
    );
  });

  test('property: every 64-bit integer is exact', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }), (value) => {
        expect(read('INT64', String(value))).toBe(value);
      }),
      { numRuns: 1_000 },
    );
  });

  test('what is wrong leaves a reason', () => {
    const reader = cellReader('INT8', 1, { emptyIsMissing: true });
    expect(reader.read(Buffer.from('x'), 0, 1, 0)).toBe(WRONG);
    expect(reader.expected).toBe('an integer from -128 to 127 (INT8)');
  });
});
