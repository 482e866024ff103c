import { describe, expect, test } from '@jest/globals';
import {
  float32s,
  graphAttribute,
  modelBytes,
  node,
  PLAIN,
  type StoredTensor,
  T,
  tensorAttribute,
} from '../../test/model-maker.ts';
import { TensorProto_DataLocation } from './generated/onnx_pb.ts';
import { readGraph } from './graph.ts';

const stored = (...initializer: StoredTensor[]) => readGraph(modelBytes({ ...PLAIN, initializer }));
const raw = (dataType: number, dims: bigint[], bytes: number): StoredTensor => ({
  name: 'w',
  dataType,
  dims,
  rawData: new Uint8Array(bytes),
});

describe('sizes', () => {
  test.each<[string, StoredTensor]>([
    ['FLOAT, raw', raw(T.FLOAT, [2n, 3n], 24)],
    ['BFLOAT16, raw', raw(T.BFLOAT16, [3n], 6)],
    ['INT4, raw: two in a byte, the last half empty', raw(T.INT4, [3n], 2)],
    ['UINT2, raw: four in a byte', raw(T.UINT2, [5n], 2)],
    ['COMPLEX64, raw', raw(T.COMPLEX64, [2n], 16)],
    ['nothing, for no elements', raw(T.FLOAT, [0n, 7n], 0)],
    ['a scalar', float32s('w', [], [1])],
    ['INT8 in int32_data', { name: 'w', dataType: T.INT8, dims: [2n], int32Data: [1, 2] }],
    ['INT4 in int32_data', { name: 'w', dataType: T.INT4, dims: [3n], int32Data: [18, 3] }],
    ['UINT32 in uint64_data', { name: 'w', dataType: T.UINT32, dims: [1n], uint64Data: [7n] }],
    [
      'COMPLEX64 in float_data',
      { name: 'w', dataType: T.COMPLEX64, dims: [1n], floatData: [1, 0] },
    ],
    ['STRING', { name: 'w', dataType: T.STRING, dims: [1n], stringData: [new Uint8Array(2)] }],
  ])('right: %s', (_, tensor) => {
    expect(stored(tensor)).toMatchObject({ ok: true });
  });

  test.each<[string, StoredTensor, RegExp]>([
    ['raw bytes', raw(T.FLOAT, [2n, 3n], 23), /"w": holds 23 bytes; FLOAT \[2,3\] takes 24/],
    ['values', float32s('w', [4], [1, 2, 3]), /"w": holds 3 values; FLOAT \[4\] takes 4/],
    [
      'in the wrong field',
      { name: 'w', dataType: T.INT64, dims: [1n], floatData: [1] },
      /holds 0 values/,
    ],
    [
      'huge dimensions',
      raw(T.FLOAT, [2n ** 40n, 2n ** 40n], 4),
      /takes 4835703278458516698824704\. /,
    ],
    ['a negative dimension', raw(T.FLOAT, [-1n], 4), /dimensions are \[-1\]; none may be negative/],
    ['many dimensions', raw(T.FLOAT, new Array<bigint>(65).fill(1n), 4), /has 65 dimensions/],
    ['an unknown type', raw(99, [1n], 4), /element type 99 is not one that ONNX has/],
    ['strings as raw bytes', raw(T.STRING, [1n], 4), /holds 4 bytes; STRING \[1\] takes 0/],
  ])('wrong: %s', (_, tensor, expected) => {
    expect(stored(tensor)).toMatchObject({ ok: false, reasons: [expect.stringMatching(expected)] });
  });
});

describe('data in other files', () => {
  const external: StoredTensor = {
    name: 'w',
    dataType: T.FLOAT,
    dims: [1n],
    dataLocation: TensorProto_DataLocation.EXTERNAL,
    externalData: [{ key: 'location', value: '../../etc/passwd' }],
  };

  test('an initializer: the tensor, the place, and how to save one file', () => {
    expect(stored(external)).toMatchObject({
      ok: false,
      reasons: [
        expect.stringMatching(
          /^initializer "w": its data lie in another file \("\.\.\/\.\.\/etc\/passwd"\).*save_as_external_data=False/,
        ),
      ],
    });
  });

  test('a list of places without the mark', () => {
    expect(stored({ ...external, dataLocation: TensorProto_DataLocation.DEFAULT })).toMatchObject({
      ok: false,
    });
  });

  test('an attribute in a subgraph', () => {
    const branch = {
      node: [
        node('Constant', [], ['c'], {
          name: 'deep',
          attribute: [tensorAttribute('value', external)],
        }),
      ],
    };
    const reading = readGraph(
      modelBytes({
        ...PLAIN,
        node: [node('If', ['x'], ['y'], { attribute: [graphAttribute('then_branch', branch)] })],
      }),
    );
    expect(reading).toMatchObject({
      ok: false,
      reasons: [
        expect.stringMatching(
          /^attribute "value" of node "deep" \(Constant\) in subgraph "then_branch": its data lie/,
        ),
      ],
    });
  });
});

test('two initializers of one name', () => {
  expect(stored(float32s('w', [1], [1]), float32s('w', [1], [2]))).toMatchObject({
    ok: false,
    reasons: ['initializer "w": there are two of that name; each needs its own'],
  });
});
