import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { float16ToNumber, numberToFloat16 } from './float16.ts';
import { JsonCursor } from './json-cursor.ts';
import { readData } from './json-data.ts';
import type { Datatype, TensorData } from './tensor.ts';

/** `data` read as it stands in a document, and the byte behind it. */
function read(datatype: Datatype, shape: number[], data: string, tail = '}'): TensorData {
  const cursor = new JsonCursor(new TextEncoder().encode(`${data}${tail}`));
  const tensor = readData(cursor, { name: 'x', datatype, shape });
  expect(cursor.position).toBe(data.length);
  return tensor;
}

const digits = (least: number, most: number): fc.Arbitrary<string> =>
  fc.string({
    unit: fc.constantFrom(...Array.from('0123456789')),
    minLength: least,
    maxLength: most,
  });

/** Numbers of JSON's grammar, with more digits and wider exponents than any double has. */
const numberText = fc
  .record({
    sign: fc.constantFrom('', '-'),
    whole: fc.oneof(
      fc.constant('0'),
      fc
        .tuple(fc.integer({ min: 1, max: 9 }), digits(0, 22))
        .map(([first, rest]) => `${first}${rest}`),
    ),
    fraction: fc.option(
      fc
        .tuple(fc.constantFrom('', '0', '000', '0'.repeat(25)), digits(1, 24))
        .map((p) => p.join('')),
      { nil: undefined },
    ),
    exponent: fc.option(
      fc
        .tuple(fc.constantFrom('e', 'E'), fc.constantFrom('', '+', '-'), fc.nat(90))
        .map((parts) => parts.join('')),
      { nil: undefined },
    ),
  })
  .map(
    ({ sign, whole, fraction, exponent }) =>
      `${sign}${whole}${fraction === undefined ? '' : `.${fraction}`}${exponent ?? ''}`,
  );

/** Doubles as other programs write them, and texts next to the middle between two floats. */
const texts = fc.oneof(
  numberText,
  fc.double({ noNaN: true, noDefaultInfinity: true }).map(String),
  fc.double({ min: -1, max: 1, noNaN: true }).map(String),
  fc.double({ min: -300, max: 300, noNaN: true }).map((value) => value.toFixed(20)),
  fc.float({ noNaN: true, noDefaultInfinity: true }).map(String),
  fc.tuple(fc.integer({ min: 0x0100_0000, max: 0x7e00_0000 }), fc.nat(2)).map(([bits, side]) => {
    const [value = 0, next = 0] = new Float32Array(Uint32Array.of(bits, bits + 1).buffer);
    return String(((value + next) / 2) * (1 + (side - 1) * 2 ** -52));
  }),
);

const space = fc.constantFrom('', '', '', ' ', '\n', ' \t\r\n ');

describe('numbers are those that Number() reads', () => {
  // Long data is read in another way.
  const long = Array.from({ length: 256 }, () => '1');
  const cases: [Datatype, number, (value: number) => number][] = [
    ['FP32', 3.4028235677973366e38, Math.fround],
    ['FP64', Infinity, (value) => value],
    ['FP16', 65_520, (value) => float16ToNumber(numberToFloat16(value))],
  ];
  test.each(cases)('%s', (datatype, tooMuch, round) => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(texts, space, space), { minLength: 1, maxLength: 40 }),
        fc.boolean(),
        (all, isLong) => {
          const fitting = all.filter(([text]) => Math.abs(Number(text)) < tooMuch);
          const elements = fitting.map(([text, before, behind]) => before + text + behind);
          const data = [...elements, ...(isLong ? long : [])];
          const values = read(datatype, [data.length], `[${data.join(',')}]`) as Float64Array;
          const numbers = Array.from(values.subarray(0, fitting.length), (value) =>
            datatype === 'FP16' ? float16ToNumber(value) : value,
          );
          expect(numbers).toEqual(fitting.map(([text]) => round(Number(text))));
        },
      ),
      { numRuns: 3000 },
    );
  });

  test.each<[Datatype, bigint, bigint]>([
    ['UINT8', 0n, 0xffn],
    ['INT16', -0x8000n, 0x7fffn],
    ['UINT32', 0n, 0xffff_ffffn],
    ['INT64', -(2n ** 63n), 2n ** 63n - 1n],
    ['UINT64', 0n, 2n ** 64n - 1n],
  ])('%s', (datatype, min, max) => {
    const integer = fc.oneof(
      fc.bigInt({ min, max }),
      fc.bigInt({ min: min < -300n ? -300n : min, max: 255n }),
      fc.constantFrom(min, max),
    );
    fc.assert(
      fc.property(fc.array(integer, { minLength: 1, maxLength: 40 }), (integers) => {
        const values = read(datatype, [integers.length], `[${integers.join(',')}]`);
        expect(Array.from(values as Int32Array, BigInt)).toEqual(integers);
      }),
      { numRuns: 1000 },
    );
  });
});

describe('where a run ends', () => {
  const values = Array.from({ length: 5000 }, (_, index) => index / 8);
  const expected = Float32Array.from(values);

  test('long data, flat and nested, spaced or not', () => {
    expect(read('FP32', [5000], `[${values.join(',')}]`)).toEqual(expected);
    expect(read('FP32', [5000], `[ ${values.join(' , ')} ]`)).toEqual(expected);
    const rows = Array.from({ length: 1250 }, (_, row) => values.slice(row * 4, row * 4 + 4));
    expect(read('FP32', [1250, 4], JSON.stringify(rows))).toEqual(expected);
    expect(read('FP32', [1250, 4], JSON.stringify(rows, undefined, 2))).toEqual(expected);
    expect(read('FP32', [1250, 4], `[${values.join(',')}]`)).toEqual(expected);
  });

  test('tokens and numbers of other forms in the middle keep their places', () => {
    const data = '[1.5,NaN,2,-Infinity,1e-400,0.1234567890123456789012345,-0,3E2,Infinity,4]';
    expect(read('FP32', [10], data)).toEqual(
      Float32Array.of(1.5, NaN, 2, -Infinity, 0, 0.12345678901234568, -0, 300, Infinity, 4),
    );
    expect(read('INT64', [5], '[1,2.0,9007199254740993,-1e3,-7]')).toEqual(
      BigInt64Array.of(1n, 2n, 9007199254740993n, -1000n, -7n),
    );
    expect(read('UINT8', [4], '[1,2e1,3.0,255]')).toEqual(Uint8Array.of(1, 20, 3, 255));
  });

  test('digits up to the last byte of long data', () => {
    for (let places = 1; places <= 20; places++) {
      const number = `0.${'123456789'.repeat(3).slice(0, places)}`;
      const data = `[${Array.from({ length: 300 }, () => number).join(',')}]`;
      expect(read('FP64', [300], data)).toEqual(new Float64Array(300).fill(Number(number)));
    }
  });

  test('other characters among the digits of long data', () => {
    const rest = ',1'.repeat(300);
    for (const character of Array.from('/:;@aAfF"-+. \u007f\u0000')) {
      for (let at = 0; at < 17; at++) {
        const digits = Array.from('123456789123456789');
        digits[at] = character;
        const data = `[0.${digits.join('')}${rest}]}`;
        const cursor = new JsonCursor(new TextEncoder().encode(data));
        expect(() => readData(cursor, { name: 'x', datatype: 'FP32', shape: [301] })).toThrow(
          /expected|a digit/,
        );
      }
    }
  });

  test('whatever stands behind the document', () => {
    for (const tail of ['}', '} ', `}${'\n'.repeat(40)}`, ']', ',1', '', ' ', '1']) {
      expect(read('FP32', [3], '[1,2.5,3]', tail)).toEqual(Float32Array.of(1, 2.5, 3));
    }
  });

  test.each([
    ['[1,2', /expected "," or "]", got the end/],
    ['[1,', /expected a number for input `x`, got the end/],
    ['[1,2.', /a digit after the decimal point/],
    ['[1,2.}', /a digit after the decimal point/],
    ['[1,2e}', /a digit in the exponent/],
    ['[1,2e+]}', /a digit in the exponent/],
    ['[1,]}', /byte 3: expected a number for input `x`, got "]}"/],
    ['[1,,2]}', /byte 3: expected a number for input `x`, got ",2]}"/],
    ['[1 2]}', /byte 3: expected "," or "]", got "2]}"/],
    ['[1,01]}', /without leading zeros/],
    ['[1,-]}', /byte 3: expected a number for input `x`, got "-]}"/],
    ['[1,.5]}', /byte 3: expected a number/],
    ['[1,+5]}', /byte 3: expected a number/],
    ['[1,2x]}', /byte 4: expected "," or "]", got "x]}"/],
    ['[1,2}', /byte 4: expected "," or "]", got "}"/],
    ['[1,1e39]}', /element 1: expected a number within FP32, got 1e39/],
    ['[1,3.4028235677973366e38]}', /a number within FP32, got 3\.4028235677973366e38/],
    ['[1,[2]]}', /mixed at one depth/],
    ['[[1],2]}', /mixed at one depth/],
    ['[1,2,3]}', /needs 2 elements, `data` holds more/],
    ['[1]     }', /needs 2 elements, `data` holds 1/],
    ['[1,null]}', /element 1: null is not a value/],
  ])('%s is refused', (data, message) => {
    const cursor = new JsonCursor(new TextEncoder().encode(data));
    expect(() => readData(cursor, { name: 'x', datatype: 'FP32', shape: [2] })).toThrow(message);
  });
});
