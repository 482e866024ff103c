import { CLOSE_BRACKET, COMMA, OPEN_BRACKET } from './ascii.ts';
import type { ByteWriter } from './byte-writer.ts';
import { float16ToNumber } from './float16.ts';
import {
  MAX_NUMBER_BYTES,
  writeAscii,
  writeDouble,
  writeInteger,
  writeSingle,
} from './number-text.ts';
import type { Tensor } from './tensor.ts';

/** Room is made for that many elements at a time. */
const CHUNK = 1_024;

/** Writes a tensor's data as a flat JSON array. */
export function writeData(writer: ByteWriter, { datatype, data }: Tensor): void {
  if (datatype === 'BYTES') {
    writer.text(JSON.stringify(data));
    return;
  }
  writer.byte(OPEN_BRACKET);
  for (let from = 0; from < data.length; from += CHUNK) {
    const to = Math.min(from + CHUNK, data.length);
    writer.reserve((to - from) * MAX_NUMBER_BYTES);
    switch (datatype) {
      case 'BOOL':
        writeBools(writer, data as Uint8Array, from, to);
        break;
      case 'FP16':
        writeHalves(writer, data as Uint16Array, from, to);
        break;
      case 'FP32':
        writeSingles(writer, data as Float32Array, from, to);
        break;
      case 'FP64':
        writeDoubles(writer, data as Float64Array, from, to);
        break;
      case 'INT64':
      case 'UINT64':
        writeIntegers64(writer, data as BigInt64Array | BigUint64Array, from, to);
        break;
      default:
        writeIntegers(writer, data as Int32Array, from, to);
    }
  }
  // The last comma's place.
  if (data.length > 0) writer.length--;
  writer.byte(CLOSE_BRACKET);
}

function writeSingles(writer: ByteWriter, data: Float32Array, from: number, to: number): void {
  const { bytes } = writer;
  let at = writer.length;
  for (let index = from; index < to; index++) {
    at = writeSingle(bytes, at, data[index] as number);
    bytes[at++] = COMMA;
  }
  writer.length = at;
}

function writeHalves(writer: ByteWriter, data: Uint16Array, from: number, to: number): void {
  const { bytes } = writer;
  let at = writer.length;
  for (let index = from; index < to; index++) {
    // Exact, as halves are short: a reader need not know that it must round.
    at = writeDouble(bytes, at, float16ToNumber(data[index] as number));
    bytes[at++] = COMMA;
  }
  writer.length = at;
}

function writeDoubles(writer: ByteWriter, data: Float64Array, from: number, to: number): void {
  const part = data.subarray(from, to);
  const { bytes } = writer;
  // join() writes -0 as 0.
  if (!part.includes(0)) {
    writer.length += bytes.write(`${part.join(',')},`, writer.length, 'latin1');
    return;
  }
  let at = writer.length;
  for (const value of part) {
    at = writeDouble(bytes, at, value);
    bytes[at++] = COMMA;
  }
  writer.length = at;
}

function writeIntegers(writer: ByteWriter, data: Int32Array, from: number, to: number): void {
  const { bytes } = writer;
  let at = writer.length;
  for (let index = from; index < to; index++) {
    at = writeInteger(bytes, at, data[index] as number);
    bytes[at++] = COMMA;
  }
  writer.length = at;
}

/** By halves while a double holds the integer: a BigInt's text takes many times longer. */
function writeIntegers64(
  writer: ByteWriter,
  data: BigInt64Array | BigUint64Array,
  from: number,
  to: number,
): void {
  const { bytes } = writer;
  const halves = new Int32Array(data.buffer, data.byteOffset, data.length * 2);
  let at = writer.length;
  for (let index = from; index < to; index++) {
    const low = halves[index * 2] as number;
    const high = halves[index * 2 + 1] as number;
    // The sign of UINT64's upper half is no matter: such integers are beyond 2 ** 53 as well.
    at =
      high >= -(2 ** 21) && high < 2 ** 21 && (high >= 0 || data instanceof BigInt64Array)
        ? writeInteger(bytes, at, high * 2 ** 32 + (low >>> 0))
        : writeAscii(bytes, at, String(data[index]));
    bytes[at++] = COMMA;
  }
  writer.length = at;
}

function writeBools(writer: ByteWriter, data: Uint8Array, from: number, to: number): void {
  const { bytes } = writer;
  let at = writer.length;
  for (let index = from; index < to; index++) {
    at = writeAscii(bytes, at, data[index] ? 'true' : 'false');
    bytes[at++] = COMMA;
  }
  writer.length = at;
}
