import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { numberToFloat16 } from '../../../protocol/float16.ts';
import type { Tensor } from '../../../protocol/tensor.ts';
import { ColumnSpread } from './column-spread.ts';
import { NOISE, smallNoise } from './small-noise.ts';

const floats = (values: readonly number[], width = 1): Tensor => ({
  name: 'x',
  datatype: 'FP64',
  shape: [values.length / width, width],
  data: Float64Array.from(values),
});

test('deviation and range are those of the two-pass formula, however the rows are cut into runs', () => {
  const value = fc.double({ min: -1e6, max: 1e6, noNaN: true });
  fc.assert(
    fc.property(fc.array(value, { minLength: 2, maxLength: 60 }), fc.nat(60), (values, cut) => {
      const spread = new ColumnSpread();
      const parts = [values.slice(0, cut), values.slice(cut)].filter(({ length }) => length > 0);
      for (const part of parts) spread.add([floats(part)], part.length);
      const [found] = spread.spreads();
      const mean = values.reduce((sum, each) => sum + each, 0) / values.length;
      const squares = values.reduce((sum, each) => sum + (each - mean) ** 2, 0);
      expect(found?.deviation[0]).toBeCloseTo(Math.sqrt(squares / (values.length - 1)), 3);
      expect([found?.least[0], found?.most[0]]).toEqual([Math.min(...values), Math.max(...values)]);
    }),
  );
});

test('each column has its own; what is not finite, and what is no float, has none', () => {
  const spread = new ColumnSpread();
  const whole: Tensor = { name: 'n', datatype: 'INT8', shape: [2], data: Int8Array.of(1, 9) };
  spread.add([floats([1, 10, Number.NaN, 30, 3, Number.POSITIVE_INFINITY], 2), whole], 3);
  const [found, none] = spread.spreads();
  expect(found?.least).toEqual(Float64Array.of(1, 10));
  expect(found?.most).toEqual(Float64Array.of(3, 30));
  expect(found?.deviation[0]).toBeCloseTo(Math.SQRT2, 12);
  expect(none).toBeUndefined();
});

test('noise moves every number by its column’s measure, the same way for the same seed', () => {
  const spread = new ColumnSpread();
  spread.add([floats([0, 100, 2, 500], 2)], 2);
  const before = [0, 100, 2, 500];
  const moved = (seed: number): number[] => {
    const tensor = floats(before, 2);
    smallNoise(spread.spreads(), seed)([tensor]);
    return Array.from(tensor.data as Float64Array);
  };
  const deviations = [Math.SQRT2, 400 / Math.SQRT2];
  for (const [at, value] of moved(1).entries()) {
    const step = Math.abs(value - (before[at] as number));
    expect(step).toBeCloseTo(NOISE * (deviations[at % 2] as number), 9);
  }
  expect(moved(1)).toEqual(moved(1));
  const many = new Set(Array.from({ length: 20 }, (_, seed) => moved(seed).join()));
  expect(many.size).toBeGreaterThan(5);
});

test('noise on FP16 is in its bits; integers and texts stay', () => {
  const half: Tensor = {
    name: 'h',
    datatype: 'FP16',
    shape: [2],
    data: Uint16Array.from([0, 1000], numberToFloat16),
  };
  const text: Tensor = { name: 't', datatype: 'BYTES', shape: [2], data: ['a', 'b'] };
  const spread = new ColumnSpread();
  spread.add([half, text], 2);
  smallNoise(spread.spreads(), 3)([half, text]);
  expect(Array.from(half.data as Uint16Array)).not.toContain(numberToFloat16(1000));
  expect(text.data).toEqual(['a', 'b']);
});
