import { describe, expect, test } from '@jest/globals';
import { decodeRequest } from './request.ts';
import type { Signature } from './tensor.ts';

const signature: Signature = {
  inputs: [
    { name: 'image', datatype: 'FP32', shape: [-1, 1, 2, 2] },
    { name: 'ids', datatype: 'INT64', shape: [-1] },
    { name: 'text', datatype: 'BYTES', shape: undefined },
    { name: 'flag', datatype: 'BOOL', shape: [] },
    { name: 'half', datatype: 'FP16', shape: [1] },
  ],
  outputs: [
    { name: 'label', datatype: 'INT64', shape: [-1] },
    { name: 'probabilities', datatype: 'FP32', shape: [-1, 2] },
  ],
};

const good = {
  image: { name: 'image', datatype: 'FP32', shape: [1, 1, 2, 2], data: [1, 2, 3, 4] } as object,
  ids: { name: 'ids', datatype: 'INT64', shape: [2], data: [1, 2] } as object,
  text: { name: 'text', datatype: 'BYTES', shape: [1, 1], data: [['hi']] } as object,
  flag: { name: 'flag', datatype: 'BOOL', shape: [], data: true } as object,
  half: { name: 'half', datatype: 'FP16', shape: [1], data: [0.5] } as object,
};

function decode(document: unknown, headerLength?: number, tail = new Uint8Array(0)) {
  const json = typeof document === 'string' ? document : JSON.stringify(document);
  const header = new TextEncoder().encode(json);
  const body = new Uint8Array(header.length + tail.length);
  body.set(header);
  body.set(tail, header.length);
  return decodeRequest(body, headerLength === undefined ? undefined : header.length, signature);
}

const inputs = (changes: Partial<Record<keyof typeof good, object>> = {}) =>
  Object.values({ ...good, ...changes });

describe('what is accepted', () => {
  test('inputs come back in the order of the signature', () => {
    const { inputs: tensors, outputs } = decode({ inputs: inputs().reverse() });
    expect(tensors.map(({ name }) => name)).toEqual(['image', 'ids', 'text', 'flag', 'half']);
    expect(outputs).toEqual([
      { name: 'label', binary: false },
      { name: 'probabilities', binary: false },
    ]);
  });

  test('null members are absent, unknown ones are ignored', () => {
    const request = decode({
      id: null,
      parameters: null,
      outputs: null,
      future: [{ a: 1 }],
      inputs: inputs({ ids: { ...good.ids, parameters: null, hint: 'x' } }),
    });
    expect(request.id).toBeUndefined();
    expect(request.outputs).toHaveLength(2);
  });

  test('asked outputs answer in the asked order, binary by request or by output', () => {
    const { outputs } = decode({
      inputs: inputs(),
      parameters: { binary_data_output: true },
      outputs: [{ name: 'probabilities' }, { name: 'label', parameters: { binary_data: false } }],
    });
    expect(outputs).toEqual([
      { name: 'probabilities', binary: true },
      { name: 'label', binary: false },
    ]);
  });

  test('timeout and priority; above 3 counts as 3', () => {
    const { parameters } = decode({ inputs: inputs(), parameters: { timeout: 2500, priority: 9 } });
    expect(parameters).toEqual({ timeoutMicroseconds: 2500, priority: 3, binaryOutput: false });
  });

  test('integers beyond 2^53 and the tokens NaN and Infinity', () => {
    const text = JSON.stringify({ inputs: inputs() })
      .replace('[1,2]', '[9223372036854775807, -9223372036854775808]')
      .replace('[1,2,3,4]', '[NaN, Infinity, -Infinity, -0.0]');
    const [image, ids] = decode(text).inputs;
    expect(ids?.data).toEqual(new BigInt64Array([2n ** 63n - 1n, -(2n ** 63n)]));
    expect(image?.data).toEqual(new Float32Array([Number.NaN, Infinity, -Infinity, -0]));
  });

  test('a null `data` with binary_data_size 0 and no header is an empty tensor', () => {
    const empty = {
      name: 'ids',
      datatype: 'INT64',
      shape: [0],
      data: null,
      parameters: { binary_data_size: 0 },
    };
    expect(decode({ inputs: inputs({ ids: empty }) }).inputs[1]?.data).toHaveLength(0);
  });

  test('JSON and binary inputs in one request', () => {
    const ids = { name: 'ids', datatype: 'INT64', shape: [1], parameters: { binary_data_size: 8 } };
    const tail = new Uint8Array(new BigInt64Array([-5n]).buffer);
    expect(decode({ inputs: inputs({ ids }) }, 1, tail).inputs[1]?.data).toEqual(
      new BigInt64Array([-5n]),
    );
  });
});

describe('what is refused, and how', () => {
  const binaryIds = (size: number, shape = [1]) => ({
    ids: { name: 'ids', datatype: 'INT64', shape, parameters: { binary_data_size: size } },
  });
  const cases: [string, () => unknown, RegExp][] = [
    ['not JSON', () => decode('{"inputs": [}'), /not JSON as expected: byte 12: expected/],
    ['not an object', () => decode('[]'), /expected an object/],
    [
      'bytes after the document',
      () => decode(`${JSON.stringify({ inputs: inputs() })} x`),
      /nothing after/,
    ],
    ['no inputs', () => decode({}), /`inputs`: expected an array/],
    ['an id that is no string', () => decode({ id: 5, inputs: [] }), /`id`: expected a string/],
    [
      'a missing input',
      () => decode({ inputs: [good.image] }),
      /input `ids` is missing: expected INT64 \[-1\]/,
    ],
    [
      'an unknown input',
      () => decode({ inputs: [{ ...good.ids, name: 'idz' }] }),
      /input `idz`: the model has none of this name; it has `image`/,
    ],
    [
      'a repeated input',
      () => decode({ inputs: [...inputs(), good.ids] }),
      /input `ids` is given twice/,
    ],
    [
      'a wrong datatype',
      () => decode({ inputs: inputs({ ids: { ...good.ids, datatype: 'INT32' } }) }),
      /input `ids`: expected INT64 \[-1\], got INT32 \[2\]/,
    ],
    [
      'an unknown datatype',
      () => decode({ inputs: inputs({ ids: { ...good.ids, datatype: 'int64' } }) }),
      /`datatype`: expected one of BOOL.*got "int64"/,
    ],
    [
      'a wrong shape',
      () => decode({ inputs: inputs({ image: { ...good.image, shape: [1, 4] } }) }),
      /input `image`: expected FP32 \[-1,1,2,2\], got FP32 \[1,4\]/,
    ],
    [
      'a count that is not the product',
      () => decode({ inputs: inputs({ ids: { ...good.ids, shape: [3] } }) }),
      /shape \[3\] needs 3 elements, `data` holds 2/,
    ],
    [
      'more elements than the product',
      () => decode({ inputs: inputs({ ids: { ...good.ids, shape: [1] } }) }),
      /needs 1 elements, `data` holds more/,
    ],
    [
      'a negative dimension',
      () => decode({ inputs: inputs({ ids: { ...good.ids, shape: [-1] } }) }),
      /non-negative integers/,
    ],
    [
      'an unsafe dimension',
      () => decode({ inputs: inputs({ ids: { ...good.ids, shape: [2 ** 53] } }) }),
      /below 2\^53/,
    ],
    [
      'a product that overflows',
      () =>
        decode({ inputs: inputs({ image: { ...good.image, shape: [2 ** 30, 2 ** 30, 2, 2] } }) }),
      /beyond 2\^53/,
    ],
    [
      'a huge shape over little data',
      () => decode({ inputs: inputs({ ids: { ...good.ids, shape: [2 ** 40] } }) }),
      /needs 1099511627776 elements/,
    ],
    [
      'an unknown output',
      () => decode({ inputs: inputs(), outputs: [{ name: 'x' }] }),
      /output `x`: the model has none/,
    ],
    [
      'a repeated output',
      () => decode({ inputs: inputs(), outputs: [{ name: 'label' }, { name: 'label' }] }),
      /asked for twice/,
    ],
    [
      'neither data nor a size',
      () => decode({ inputs: inputs({ ids: { name: 'ids', datatype: 'INT64', shape: [2] } }) }),
      /expected `data` or the parameter/,
    ],
    [
      'both data and a size',
      () =>
        decode({ inputs: inputs({ ids: { ...good.ids, parameters: { binary_data_size: 16 } } }) }),
      /has both/,
    ],
    [
      'a size that does not fit',
      () => decode({ inputs: inputs(binaryIds(4)) }, 1, new Uint8Array(4)),
      /takes 8 bytes, got 4/,
    ],
    [
      'a size beyond the body',
      () => decode({ inputs: inputs(binaryIds(8)) }, 1, new Uint8Array(4)),
      /is 8, but 4 bytes are left/,
    ],
    [
      'bytes left over',
      () => decode({ inputs: inputs(binaryIds(8)) }, 1, new Uint8Array(9)),
      /1 bytes more than its inputs say/,
    ],
    [
      'null elements',
      () => decode({ inputs: inputs({ ids: { ...good.ids, data: [1, null] } }) }),
      /element 1: null/,
    ],
    [
      'null elements of FP32',
      () => decode({ inputs: inputs({ image: { ...good.image, data: [null, 1, 2, 3] } }) }),
      /element 0: null/,
    ],
    [
      'fractions in integers',
      () => decode({ inputs: inputs({ ids: { ...good.ids, data: [1, 2.5] } }) }),
      /element 1: expected an integer of INT64, got 2\.5/,
    ],
    [
      'integers out of range',
      () =>
        decode(JSON.stringify({ inputs: inputs() }).replace('[1,2]', '[1,9223372036854775808]')),
      /an integer of INT64, got 9223372036854775808/,
    ],
    [
      'NaN in integers',
      () => decode(JSON.stringify({ inputs: inputs() }).replace('[1,2]', '[1,NaN]')),
      /an integer of INT64, got NaN/,
    ],
    [
      'numbers beyond FP32',
      () => decode({ inputs: inputs({ image: { ...good.image, data: [1e39, 1, 1, 1] } }) }),
      /a number within FP32, got 1e\+39/,
    ],
    [
      'numbers beyond FP16',
      () => decode({ inputs: inputs({ half: { ...good.half, data: [65520] } }) }),
      /a number within FP16/,
    ],
    [
      'a BOOL that is a number',
      () => decode({ inputs: inputs({ flag: { ...good.flag, data: 1 } }) }),
      /true or false/,
    ],
    [
      'a BOOL that is null',
      () => decode({ inputs: inputs({ flag: { ...good.flag, shape: [1], data: [null] } }) }),
      /null is not a value/,
    ],
    [
      'BYTES holding NUL',
      () => decode({ inputs: inputs({ text: { ...good.text, data: [['a\0b']] } }) }),
      /must not hold NUL/,
    ],
    [
      'BYTES that are no text',
      () => decode(JSON.stringify({ inputs: inputs() }).replace('"hi"', '"\\ud800"')),
      /lone surrogates/,
    ],
    [
      'BYTES that are numbers',
      () => decode({ inputs: inputs({ text: { ...good.text, data: [[7]] } }) }),
      /a string for input `text`/,
    ],
    [
      'ragged nesting',
      () => decode({ inputs: inputs({ image: { ...good.image, data: [[[[1, 2], [3], [4]]]] } }) }),
      /nested arrays don't fit shape/,
    ],
    [
      'values beside arrays',
      () => decode({ inputs: inputs({ image: { ...good.image, data: [1, [2, 3], 4] } }) }),
      /mixed at one depth/,
    ],
    [
      'JSON deeper than 100',
      () => decode(`{"inputs":[],"x":${'['.repeat(100)}${']'.repeat(100)}}`),
      /no deeper than 100/,
    ],
    [
      'deep data',
      () =>
        decode({
          inputs: inputs({
            image: {
              ...good.image,
              data: JSON.parse(`${'['.repeat(98)}1${']'.repeat(98)}`) as object,
            },
          }),
        }),
      /no deeper than 100/,
    ],
    [
      'leading zeros',
      () => decode(JSON.stringify({ inputs: inputs() }).replace('[1,2]', '[01,2]')),
      /leading zeros/,
    ],
    [
      'a classification',
      () =>
        decode({
          inputs: inputs(),
          outputs: [{ name: 'label', parameters: { classification: 2 } }],
        }),
      /classification is not supported/,
    ],
    [
      'shared memory',
      () =>
        decode({
          inputs: inputs({ ids: { ...good.ids, parameters: { shared_memory_region: 'r' } } }),
        }),
      /shared_memory_region is not supported/,
    ],
    [
      'a sequence',
      () => decode({ inputs: inputs(), parameters: { sequence_id: 3 } }),
      /sequence_id is not supported/,
    ],
    [
      'a timeout that is no number',
      () => decode({ inputs: inputs(), parameters: { timeout: '5' } }),
      /timeout: expected a whole number/,
    ],
  ];
  test.each(cases)('%s', (_, act, expected) => {
    expect(act).toThrow(expected);
  });

  test('a header longer than the body', () => {
    expect(() => decodeRequest(new Uint8Array(4), 5, signature)).toThrow(
      /5 is beyond the body's 4/,
    );
  });

  test('binary BOOL, BYTES and their lengths', () => {
    const raw = (type: Signature['inputs'][number], shape: number[], tail: number[]) => () => {
      const header = new TextEncoder().encode(
        JSON.stringify({
          inputs: [
            {
              name: 'x',
              datatype: type.datatype,
              shape,
              parameters: { binary_data_size: tail.length },
            },
          ],
        }),
      );
      const body = Uint8Array.from([...header, ...tail]);
      return decodeRequest(body, header.length, { inputs: [type], outputs: [] });
    };
    const bool = { name: 'x', datatype: 'BOOL', shape: [-1] } as const;
    const text = { name: 'x', datatype: 'BYTES', shape: [-1] } as const;
    expect(raw(bool, [2], [1, 2])).toThrow(/element 1: a BOOL is the byte 0 or 1, got 2/);
    expect(raw(text, [1], [3, 0, 0, 0, 97, 98])).toThrow(/has length 3, but 2 bytes are left/);
    expect(raw(text, [2], [1, 0, 0, 0, 97, 0, 0, 0])).toThrow(
      /expected a 4-byte length, got 3 bytes/,
    );
    expect(raw(text, [1], [1, 0, 0, 0, 97, 98])).toThrow(/1 bytes are left after 1 elements/);
    expect(raw(text, [1], [1, 0, 0, 0, 0])).toThrow(/must not hold NUL/);
    expect(raw(text, [1], [1, 0, 0, 0, 0xff])).toThrow(/must be UTF-8/);
    expect(raw(text, [2 ** 40], [0, 0, 0, 0])).toThrow(/take at least/);
  });
});

describe('raw bodies (header length 0)', () => {
  const one = (datatype: 'FP32' | 'BYTES' | 'INT64', shape: number[]): Signature => ({
    inputs: [{ name: 'x', datatype, shape }],
    outputs: [{ name: 'y', datatype: 'FP32', shape: [-1] }],
  });
  test('the dynamic dimension follows from the length, outputs are binary', () => {
    const body = new Uint8Array(new Float32Array([1, 2, 3, 4, 5, 6]).buffer);
    const request = decodeRequest(body, 0, one('FP32', [-1, 3]));
    expect(request.inputs[0]).toEqual({
      name: 'x',
      datatype: 'FP32',
      shape: [2, 3],
      data: new Float32Array([1, 2, 3, 4, 5, 6]),
    });
    expect(request.outputs).toEqual([{ name: 'y', binary: true }]);
  });
  test('BYTES is one element without prefix', () => {
    expect(
      decodeRequest(new TextEncoder().encode('hé'), 0, one('BYTES', [-1, 1])).inputs[0],
    ).toEqual({
      name: 'x',
      datatype: 'BYTES',
      shape: [1, 1],
      data: ['hé'],
    });
  });
  test.each([
    [
      'a length that does not divide',
      new Uint8Array(13),
      one('FP32', [-1, 3]),
      /takes 12 bytes, got 13/,
    ],
    [
      'two dynamic dimensions',
      new Uint8Array(12),
      one('FP32', [-1, -1]),
      /at most one dynamic dimension/,
    ],
    ['two inputs', new Uint8Array(12), signature, /models with one input; this one has 5/],
    ['several BYTES', new Uint8Array(1), one('BYTES', [2]), /a raw BYTES body is one element/],
  ])('%s is refused', (_, body, type, expected) => {
    expect(() => decodeRequest(body, 0, type)).toThrow(expected);
  });
});
