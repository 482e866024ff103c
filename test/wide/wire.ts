import type { Datatype, Tensor, TensorData } from '../../shared/protocol/tensor.ts';
import { halfBits, halfValue } from './half.ts';

// A client's own reading and writing of the protocol, so that the server's is not checked by itself.

interface Header {
  readonly name: string;
  readonly datatype: Datatype;
  readonly shape: number[];
  readonly data?: unknown;
  readonly parameters?: { readonly binary_data_size?: number };
}

/** A request in JSON. 64-bit integers and NaN are written as the protocol has them. */
export function jsonRequest(inputs: readonly Tensor[]): string {
  const texts = inputs.map((input) => {
    const { name, datatype, shape } = input;
    const head = JSON.stringify({ name, datatype, shape }).slice(0, -1);
    return `${head},"data":[${elements(input).join(',')}]}`;
  });
  return `{"inputs":[${texts.join(',')}]}`;
}

function elements({ datatype, data }: Tensor): string[] {
  if (datatype === 'BYTES') return (data as string[]).map((text) => JSON.stringify(text));
  const numbers = [...(data as Iterable<number | bigint>)];
  if (datatype === 'BOOL') return numbers.map((bit) => (bit ? 'true' : 'false'));
  if (datatype === 'FP16') return numbers.map((bits) => String(halfValue(Number(bits))));
  return numbers.map(String);
}

const TOKENS = /"(?:[^"\\]|\\.)*"|-?Infinity|NaN|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/g;
const SPECIAL = /^(?:-?Infinity|NaN|-?\d{16,})$/;

/** An answer in JSON. */
export function readJson(text: string): Tensor[] {
  // What JSON.parse refuses or rounds becomes a text first; texts and other numbers are left alone.
  const quoted = text.replace(TOKENS, (token) => (SPECIAL.test(token) ? `"${token}"` : token));
  const { outputs } = JSON.parse(quoted) as { outputs: Header[] };
  return outputs.map(({ name, datatype, shape, data }) => ({
    name,
    datatype,
    shape,
    data: parsed(datatype, data as unknown[]),
  }));
}

function parsed(datatype: Datatype, data: readonly unknown[]): TensorData {
  switch (datatype) {
    case 'BYTES':
      return data as string[];
    case 'BOOL':
      return Uint8Array.from(data, (bit) => {
        if (typeof bit !== 'boolean') throw new Error(`BOOL: got ${JSON.stringify(bit)}`);
        return Number(bit);
      });
    case 'INT64':
      return BigInt64Array.from(data, (value) => BigInt(value as string | number));
    case 'UINT64':
      return BigUint64Array.from(data, (value) => BigInt(value as string | number));
    case 'FP16':
      return Uint16Array.from(data, (value) => halfBits(Number(value)));
    default:
      return new ARRAYS[datatype](data.map(Number));
  }
}

const ARRAYS = {
  UINT8: Uint8Array,
  UINT16: Uint16Array,
  UINT32: Uint32Array,
  INT8: Int8Array,
  INT16: Int16Array,
  INT32: Int32Array,
  FP32: Float32Array,
  FP64: Float64Array,
};

/** A request whose tensors follow their header as bytes; `headerLength` belongs into its HTTP header. */
export function binaryRequest(inputs: readonly Tensor[]): { body: Buffer; headerLength: number } {
  const contents = inputs.map(contentOf);
  const header = JSON.stringify({
    inputs: inputs.map(({ name, datatype, shape }, i) => ({
      name,
      datatype,
      shape,
      parameters: { binary_data_size: contents[i]?.length ?? 0 },
    })),
    parameters: { binary_data_output: true },
  });
  const head = Buffer.from(header);
  return { body: Buffer.concat([head, ...contents]), headerLength: head.length };
}

function contentOf({ datatype, data }: Tensor): Buffer {
  if (datatype !== 'BYTES') {
    const { buffer, byteOffset, byteLength } = data as Uint8Array;
    return Buffer.from(buffer, byteOffset, byteLength);
  }
  return Buffer.concat(
    (data as string[]).flatMap((text) => {
      const bytes = Buffer.from(text);
      const length = Buffer.alloc(4);
      length.writeUInt32LE(bytes.length);
      return [length, bytes];
    }),
  );
}

/** An answer whose header takes `headerLength` bytes. */
export function readBinary(body: Buffer, headerLength: number): Tensor[] {
  const { outputs } = JSON.parse(body.toString('utf8', 0, headerLength)) as { outputs: Header[] };
  let at = headerLength;
  const tensors = outputs.map(({ name, datatype, shape, parameters }) => {
    const size = parameters?.binary_data_size;
    if (size === undefined) throw new Error(`${name}: has no binary_data_size`);
    const bytes = Uint8Array.from(body.subarray(at, at + size));
    if (bytes.length !== size)
      throw new Error(`${name}: ${size} bytes announced, ${bytes.length} sent`);
    at += size;
    return { name, datatype, shape, data: dataOf(datatype, bytes) };
  });
  if (at !== body.length) throw new Error(`${body.length - at} bytes are left over`);
  return tensors;
}

function dataOf(datatype: Datatype, bytes: Uint8Array<ArrayBuffer>): TensorData {
  switch (datatype) {
    case 'BYTES':
      return texts(Buffer.from(bytes.buffer));
    case 'BOOL':
      return bytes;
    case 'FP16':
      return new Uint16Array(bytes.buffer);
    case 'INT64':
      return new BigInt64Array(bytes.buffer);
    case 'UINT64':
      return new BigUint64Array(bytes.buffer);
    default:
      return new ARRAYS[datatype](bytes.buffer);
  }
}

function texts(bytes: Buffer): string[] {
  const found: string[] = [];
  for (let at = 0; at < bytes.length; ) {
    const length = bytes.readUInt32LE(at);
    found.push(bytes.toString('utf8', at + 4, at + 4 + length));
    at += 4 + length;
  }
  return found;
}
