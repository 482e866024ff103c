import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { binaryOf } from './binary.ts';
import { allocate, elementsOver } from './datatypes.ts';
import { float16ToNumber, numberToFloat16 } from './float16.ts';
import { decodeRequest } from './request.ts';
import { encodeResponse } from './response.ts';
import { elementCount } from './shape.ts';
import {
  DATATYPES,
  type Datatype,
  type Signature,
  type Tensor,
  type TensorData,
} from './tensor.ts';

const text = fc
  .string({ unit: 'grapheme', maxLength: 12 })
  .filter((value) => !value.includes('\0'));

/** One element as the typed array holds it. */
const elements: { [D in Datatype]: fc.Arbitrary<number | bigint | string> } = {
  BOOL: fc.integer({ min: 0, max: 1 }),
  UINT8: fc.integer({ min: 0, max: 0xff }),
  UINT16: fc.integer({ min: 0, max: 0xffff }),
  UINT32: fc.integer({ min: 0, max: 0xffff_ffff }),
  UINT64: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
  INT8: fc.integer({ min: -0x80, max: 0x7f }),
  INT16: fc.integer({ min: -0x8000, max: 0x7fff }),
  INT32: fc.integer({ min: -0x8000_0000, max: 0x7fff_ffff }),
  INT64: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
  FP16: fc.integer({ min: 0, max: 0xffff }).map((bits) => numberToFloat16(float16ToNumber(bits))),
  FP32: fc.float(),
  FP64: fc.double(),
  BYTES: text,
};

const tensors: fc.Arbitrary<Tensor> = fc
  .record({
    datatype: fc.constantFrom(...DATATYPES),
    shape: fc.array(fc.integer({ min: 0, max: 3 }), { maxLength: 8 }),
    name: text,
  })
  .chain(({ datatype, shape, name }) => {
    const length = elementCount(shape);
    return fc
      .array(elements[datatype], { minLength: length, maxLength: length })
      .map((values) => ({ name, datatype, shape, data: typed(datatype, values) }));
  });

function typed(datatype: Datatype, values: (number | bigint | string)[]): TensorData {
  if (datatype === 'BYTES') return values as string[];
  const data = allocate(datatype, values.length);
  for (const [index, value] of values.entries()) data[index] = value as never;
  return data;
}

/** JSON text of a tensor's data, nested to its shape or flat: written here on its own. */
function dataJson({ datatype, shape, data }: Tensor, nested: boolean): string {
  const texts = Array.from(data as ArrayLike<number | bigint | string>, (value) => {
    if (datatype === 'BYTES') return JSON.stringify(value);
    if (datatype === 'BOOL') return value ? 'true' : 'false';
    const number = datatype === 'FP16' ? float16ToNumber(value as number) : value;
    return Object.is(number, -0) ? '-0.0' : String(number);
  });
  if (!nested) return `[${texts.join(',')}]`;
  const nest = (axis: number): string =>
    axis === shape.length
      ? (texts.shift() as string)
      : `[${Array.from({ length: shape[axis] as number }, () => nest(axis + 1)).join(', ')}]`;
  return nest(0);
}

function signatureOf(tensor: Tensor): Signature {
  const { name, datatype, shape } = tensor;
  return { inputs: [{ name, datatype, shape: shape.map(() => -1) }], outputs: [] };
}

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

describe('requests', () => {
  test('JSON: every type, rank 0–8, nested or flat, members in any order', () => {
    fc.assert(
      fc.property(tensors, fc.boolean(), fc.nat(23), (tensor, nested, order) => {
        const members = [
          `"name":${JSON.stringify(tensor.name)}`,
          `"shape":[${tensor.shape.join(',')}]`,
          `"datatype":"${tensor.datatype}"`,
          `"data":${dataJson(tensor, nested)}`,
        ];
        const shuffled: string[] = [];
        for (let left = order; members.length > 0; left = Math.floor(left / 4)) {
          shuffled.push(...members.splice(left % members.length, 1));
        }
        const body = bytes(`{"inputs":[{${shuffled.join(',')}}],"id":"x"}`);
        const request = decodeRequest(body, undefined, signatureOf(tensor));
        expect(request.inputs).toEqual([tensor]);
        expect(request.id).toBe('x');
      }),
      { numRuns: 2000 },
    );
  });

  test('binary: every type and rank, at any alignment', () => {
    fc.assert(
      fc.property(tensors, fc.nat(7), (tensor, padding) => {
        const payload = binaryOf(tensor);
        const header = bytes(
          `{"inputs":[{"name":${JSON.stringify(tensor.name)},"datatype":"${tensor.datatype}","shape":[${tensor.shape.join(',')}],"parameters":{"binary_data_size":${payload.byteLength}}}]${' '.repeat(padding)}}`,
        );
        const body = new Uint8Array(header.byteLength + payload.byteLength);
        body.set(header);
        body.set(payload, header.byteLength);
        // A Buffer too: zlib gives one, and its slice() is a view.
        for (const form of [body, Buffer.from(body)]) {
          const request = decodeRequest(form, header.byteLength, signatureOf(tensor));
          expect(request.inputs).toEqual([tensor]);
        }
      }),
      { numRuns: 2000 },
    );
  });

  test('hostile bytes are refused as malformed, never with another error', () => {
    const signature: Signature = {
      inputs: [{ name: 'x', datatype: 'INT64', shape: [-1, 2] }],
      outputs: [{ name: 'y', datatype: 'FP32', shape: [-1] }],
    };
    const valid =
      '{"id":"a","inputs":[{"name":"x","shape":[2,2],"datatype":"INT64","data":[[1,2],[3,9007199254740993]]}],"outputs":[{"name":"y","parameters":{"binary_data":true}}]}';
    fc.assert(
      fc.property(
        fc.array(
          fc.tuple(
            fc.nat(valid.length - 1),
            fc.constantFrom(...'{}[]",:0-1.9eEnulltrINf\\ \u0001é'.split('')),
          ),
          {
            minLength: 1,
            maxLength: 4,
          },
        ),
        fc.option(fc.nat(300), { nil: undefined }),
        (edits, headerLength) => {
          const characters = Array.from(valid);
          for (const [at, character] of edits) characters[at] = character;
          try {
            decodeRequest(bytes(characters.join('')), headerLength, signature);
          } catch (error) {
            expect(error).toMatchObject({ name: 'ServingError', failure: { kind: 'malformed' } });
          }
        },
      ),
      { numRuns: 5000 },
    );
  });
});

describe('responses', () => {
  test('JSON outputs read back as the same values; binary ones as the same bytes', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(tensors, fc.boolean()), { maxLength: 4 }), (outputs) => {
        const { body, headerLength } = encodeResponse({
          modelName: 'm',
          modelVersion: 3,
          id: 'é"',
          outputs: outputs.map(([tensor, binary]) => ({ tensor, binary })),
        });
        expect(headerLength !== undefined).toBe(outputs.some(([, binary]) => binary));
        const json = new TextDecoder().decode(body.subarray(0, headerLength ?? body.byteLength));
        expect(json.startsWith('{"id":"é\\"","model_name":"m","model_version":"3",')).toBe(true);
        let offset = headerLength ?? body.byteLength;
        for (const [tensor, binary] of outputs) {
          if (!binary) continue;
          const size = binaryOf(tensor).byteLength;
          const bytes = body.subarray(offset, offset + size);
          if (tensor.datatype !== 'BYTES') {
            expect(elementsOver(tensor.datatype, bytes)).toEqual(tensor.data);
          }
          expect(Buffer.from(bytes).equals(binaryOf(tensor))).toBe(true);
          offset += size;
        }
        expect(offset).toBe(body.byteLength);
      }),
      { numRuns: 1000 },
    );
  });

  test('a JSON output is a JSON input again, exactly', () => {
    fc.assert(
      fc.property(tensors, (tensor) => {
        const { body } = encodeResponse({
          modelName: 'm',
          modelVersion: 1,
          id: undefined,
          outputs: [{ tensor, binary: false }],
        });
        const asRequest = new TextDecoder().decode(body).replace('"outputs":', '"inputs":');
        const { inputs } = decodeRequest(bytes(asRequest), undefined, signatureOf(tensor));
        expect(inputs).toEqual([tensor]);
      }),
      { numRuns: 2000 },
    );
  });
});
