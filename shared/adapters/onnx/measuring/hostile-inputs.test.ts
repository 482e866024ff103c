import { describe, expect, test } from '@jest/globals';
import { float16ToNumber } from '../../../protocol/float16.ts';
import { elementCount } from '../../../protocol/shape.ts';
import {
  DATATYPES,
  type Datatype,
  type Tensor,
  type TensorSpec,
} from '../../../protocol/tensor.ts';
import { ColumnSpread } from './column-spread.ts';
import { floatAt, isFloat } from './floats.ts';
import { HOSTILE, type Usual } from './hostile-inputs.ts';

function rowOf(datatype: Datatype): Tensor {
  const shape = [1, 2];
  const name = `of ${datatype}`;
  switch (datatype) {
    case 'BYTES':
      return { name, datatype, shape, data: ['a', 'b'] };
    case 'INT64':
      return { name, datatype, shape, data: BigInt64Array.of(1n, 2n) };
    case 'UINT64':
      return { name, datatype, shape, data: BigUint64Array.of(1n, 2n) };
    case 'FP32':
      return { name, datatype, shape, data: Float32Array.of(1, 2) };
    case 'FP64':
      return { name, datatype, shape, data: Float64Array.of(1, 2) };
    case 'FP16':
      return { name, datatype, shape, data: Uint16Array.of(0x3c00, 0x4000) };
    case 'INT8':
      return { name, datatype, shape, data: Int8Array.of(1, 2) };
    case 'INT16':
      return { name, datatype, shape, data: Int16Array.of(1, 2) };
    case 'INT32':
      return { name, datatype, shape, data: Int32Array.of(1, 2) };
    case 'UINT16':
      return { name, datatype, shape, data: Uint16Array.of(1, 2) };
    case 'UINT32':
      return { name, datatype, shape, data: Uint32Array.of(1, 2) };
    case 'BOOL':
    case 'UINT8':
      return { name, datatype, shape, data: Uint8Array.of(1, 0) };
  }
}

function usual(...datatypes: Datatype[]): Usual {
  const row = datatypes.map(rowOf);
  const specs = row.map(({ name, datatype }): TensorSpec => ({ name, datatype, shape: [-1, 2] }));
  return { specs, row, spreads: [] };
}

const attempts = (probe: keyof typeof HOSTILE, of: Usual): readonly (readonly Tensor[])[] => {
  const found = HOSTILE[probe](of);
  if (typeof found === 'string') throw new Error(found);
  return found;
};

test('whatever is tried, every tensor holds as much as its shape says, and of its datatype', () => {
  const all = usual(...DATATYPES);
  const spread = new ColumnSpread();
  spread.add(all.row, 1);
  for (const probe of Object.keys(HOSTILE) as (keyof typeof HOSTILE)[]) {
    for (const inputs of attempts(probe, { ...all, spreads: spread.spreads() })) {
      expect(inputs.map(({ name }) => name)).toEqual(all.row.map(({ name }) => name));
      for (const [place, { datatype, shape, data }] of inputs.entries()) {
        const before = all.row[place] as Tensor;
        expect(datatype).toBe(before.datatype);
        expect(data.length).toBe(elementCount(shape));
        expect(data.constructor).toBe(before.data.constructor);
      }
    }
  }
});

describe('extremes', () => {
  test.each<[Datatype, unknown, unknown]>([
    ['INT64', -(2n ** 63n), 2n ** 63n - 1n],
    ['UINT64', 0n, 2n ** 64n - 1n],
    ['INT8', -128, 127],
    ['UINT32', 0, 2 ** 32 - 1],
    ['FP32', -3.4028234663852886e38, 3.4028234663852886e38],
    ['FP64', -Number.MAX_VALUE, Number.MAX_VALUE],
  ])('%s: its most, its least, 0', (datatype, least, most) => {
    const tried = attempts('extremes', usual(datatype)).map(([tensor]) => tensor?.data[0]);
    expect(tried.slice(0, 2)).toEqual([most, least]);
    expect(Number(tried[2])).toBe(0);
  });

  test('the least integer stands beside −1, each way round', () => {
    const tried = attempts('extremes', usual('INT64', 'INT64')).map((inputs) =>
      inputs.map(({ data }) => data[0]),
    );
    expect(tried).toContainEqual([-(2n ** 63n), -1n]);
    expect(tried).toContainEqual([-1n, -(2n ** 63n)]);
  });

  test('of FP16 they are finite', () => {
    const tried = attempts('extremes', usual('FP16')).map(([half]) =>
      float16ToNumber(Number(half?.data[0])),
    );
    expect(tried.slice(0, 3)).toEqual([65_504, -65_504, 0]);
  });
});

test('far outside is a hundred ranges away, on both sides, and finite', () => {
  const of = usual('FP32', 'FP16', 'INT32');
  const spread = new ColumnSpread();
  spread.add(of.row, 1);
  spread.add(
    [{ ...rowOf('FP32'), data: Float32Array.of(3, 3e38) }, rowOf('FP16'), rowOf('INT32')],
    1,
  );
  const tried = attempts('far outside', { ...of, spreads: spread.spreads() });
  expect(tried.map(([tensor]) => tensor?.data[0])).toEqual([203, -199]);
  for (const tensor of tried.flat().filter(isFloat)) {
    for (let at = 0; at < 2; at++) expect(Number.isFinite(floatAt(tensor, at))).toBe(true);
  }
  expect(tried[0]?.[2]?.data).toEqual(of.row[2]?.data);
});

test('an empty batch has no rows where the signature lets the rows be any', () => {
  const of = usual('FP32', 'BYTES');
  const specs = [
    of.specs[0] as TensorSpec,
    { name: 'fixed', datatype: 'BYTES', shape: [1, 2] } as const,
  ];
  expect(attempts('empty batch', { ...of, specs })[0]?.map(({ shape }) => shape)).toEqual([
    [0, 2],
    [1, 2],
  ]);
});

test.each<[keyof typeof HOSTILE, Datatype]>([
  ['nan', 'INT32'],
  ['infinity', 'BYTES'],
  ['far outside', 'INT64'],
  ['long strings', 'FP32'],
  ['extremes', 'BOOL'],
])('%s is nothing for %s', (probe, datatype) => {
  expect(HOSTILE[probe](usual(datatype))).toMatch(/^it takes no/);
});
