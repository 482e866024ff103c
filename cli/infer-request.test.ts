import { describe, expect, test } from '@jest/globals';
import { binaryRequestHeader, inferRequest } from './infer-request.ts';

const model = (...inputs: [name: string, datatype: string, shape: number[]][]) => ({
  inputs: inputs.map(([name, datatype, shape]) => ({ name, datatype, shape })),
});
const request = async (text: string, metadata: object) =>
  JSON.parse(await inferRequest(text, () => Promise.resolve(metadata as never))) as unknown;

describe('a request of nested arrays', () => {
  const two = model(['a', 'FP32', [-1]], ['b', 'BYTES', [-1, 1]]);

  test('takes each input by its name, rows or one row', async () => {
    expect(await request('{"b": ["x"], "a": [1]}', two)).toEqual({
      inputs: [
        { name: 'a', datatype: 'FP32', shape: [1], data: [1] },
        { name: 'b', datatype: 'BYTES', shape: [1, 1], data: ['x'] },
      ],
    });
  });

  test('takes a lone value for an input of one dimension', async () => {
    expect(await request('3', model(['a', 'FP32', [-1]]))).toEqual({
      inputs: [{ name: 'a', datatype: 'FP32', shape: [1], data: [3] }],
    });
  });

  test('has the shape of empty arrays', async () => {
    expect(await request('[]', model(['a', 'FP32', [-1]]))).toMatchObject({
      inputs: [{ shape: [0] }],
    });
  });

  test.each([
    ['{"a": [1]}', /b has none/],
    ['{"a": [1], "b": ["x"], "c": 1}', /c is no input of this model; it has a, b/],
    ['[1]', /a member for each input: a, b/],
    ['{"a": [[1]], "b": ["x"]}', /input a: expected arrays nested as \[-1\], got \[1,1\]/],
  ])('%s is refused', async (text, error) => {
    await expect(request(text, two)).rejects.toThrow(error);
  });
});

describe('a request of bytes', () => {
  test.each([
    [model(['a', 'FP32', [-1, 3]]), 24, [2, 3]],
    [model(['a', 'UINT8', [1, 4]]), 4, [1, 4]],
    [model(['a', 'FP16', [-1]]), 0, [0]],
  ])('has the shape that the bytes fill', (metadata, bytes, shape) => {
    expect(JSON.parse(binaryRequestHeader(bytes, metadata))).toMatchObject({
      inputs: [{ name: 'a', shape, parameters: { binary_data_size: bytes } }],
    });
  });

  test.each([
    [model(['a', 'FP32', [-1, 3]]), 13, /a multiple of 12 bytes, got 13/],
    [model(['a', 'FP32', [1, 3]]), 24, /expected 12 bytes, got 24/],
    [model(['a', 'FP32', [-1, -1]]), 12, /shape can't be told/],
    [model(['a', 'BYTES', [-1]]), 12, /no fixed size/],
    [model(['a', 'FP32', [-1]], ['b', 'FP32', [-1]]), 12, /one input, this one has 2/],
  ])('is refused when it does not fit: %j', (metadata, bytes, error) => {
    expect(() => binaryRequestHeader(bytes, metadata)).toThrow(error);
  });
});
