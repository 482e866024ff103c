import { describe, expect, test } from '@jest/globals';
import { encodeResponse } from './response.ts';
import type { Datatype, Tensor, TensorData } from './tensor.ts';

function encode(datatype: Datatype, shape: number[], data: TensorData, binary = false) {
  const tensor: Tensor = { name: 'y', datatype, shape, data };
  const outputs = [{ tensor, binary }];
  return encodeResponse({ modelName: 'm', modelVersion: 1, id: undefined, outputs });
}

const textOf = (...output: Parameters<typeof encode>): string =>
  new TextDecoder().decode(encode(...output).body);

const around = (type: string, data: string): string =>
  `{"model_name":"m","model_version":"1","outputs":[{"name":"y",${type},"data":${data}}]}`;

describe('the text of an answer', () => {
  test.each<[Datatype, TensorData, string]>([
    [
      'FP32',
      Float32Array.of(0.1, -0, NaN, Infinity, -Infinity, 2),
      '[0.1,-0,NaN,Infinity,-Infinity,2]',
    ],
    ['FP64', Float64Array.of(0.1, -0, 1e-7), '[0.1,-0,1e-7]'],
    ['FP64', Float64Array.of(0.1, 1e21), '[0.1,1e+21]'],
    ['FP16', Uint16Array.of(0x2e66, 0xfc00, 0x8000, 0x3c00), '[0.0999755859375,-Infinity,-0,1]'],
    ['BOOL', Uint8Array.of(1, 0), '[true,false]'],
    ['INT8', Int8Array.of(-128, 127), '[-128,127]'],
    ['UINT32', Uint32Array.of(4294967295, 0), '[4294967295,0]'],
    [
      'INT64',
      BigInt64Array.of(-1n, 2n ** 53n - 1n, 2n ** 53n, -(2n ** 53n), -(2n ** 63n), 2n ** 63n - 1n),
      '[-1,9007199254740991,9007199254740992,-9007199254740992,-9223372036854775808,9223372036854775807]',
    ],
    ['UINT64', BigUint64Array.of(7n, 2n ** 64n - 1n), '[7,18446744073709551615]'],
    ['BYTES', ['é"', ''], '["é\\"",""]'],
    ['FP32', new Float32Array(0), '[]'],
  ])('%s %p', (datatype, data, text) => {
    const shape = [data.length];
    expect(textOf(datatype, shape, data)).toBe(
      around(`"datatype":"${datatype}","shape":[${data.length}]`, text),
    );
  });

  test('a view on a larger buffer, and more numbers than one step takes', () => {
    const all = BigInt64Array.from({ length: 5001 }, (_, index) => BigInt(index) - 2500n);
    const expected = `[${all.subarray(1).join(',')}]`;
    expect(textOf('INT64', [5000], all.subarray(1))).toBe(
      around('"datatype":"INT64","shape":[5000]', expected),
    );
  });

  test('shapes of any rank', () => {
    expect(textOf('BOOL', [], Uint8Array.of(1))).toContain('"shape":[],"data":[true]');
    expect(textOf('BOOL', [1, 1], Uint8Array.of(1))).toContain('"shape":[1,1],"data":[true]');
  });

  test('each answer has a buffer of its own, whatever came before', () => {
    const first = encode('FP32', [2], Float32Array.of(1, 2));
    const kept = Uint8Array.from(first.body);
    const large = encode('FP32', [200_000], new Float32Array(200_000).fill(0.12345678));
    const after = encode('FP32', [2], Float32Array.of(1, 2));
    expect(first.body).toEqual(kept);
    expect(after.body).toEqual(kept);
    expect(large.body.byteLength).toBeGreaterThan(2_000_000);
    for (const { body } of [first, large, after]) {
      expect(body.byteOffset).toBe(0);
      expect(body.buffer.byteLength).toBe(body.byteLength);
    }
  });

  test('names are escaped', () => {
    const names = ['a"b', 'a\\b', 'é', 'line\nbreak', '\ud800', 'plain_name-1.x/y:z'];
    for (const name of names) {
      const tensor: Tensor = { name, datatype: 'INT8', shape: [1], data: Int8Array.of(1) };
      const { body } = encodeResponse({
        modelName: name,
        modelVersion: 2,
        id: name,
        outputs: [{ tensor, binary: false }],
      });
      expect(JSON.parse(new TextDecoder().decode(body))).toEqual({
        id: name,
        model_name: name,
        model_version: '2',
        outputs: [{ name, datatype: 'INT8', shape: [1], data: [1] }],
      });
    }
  });
});
