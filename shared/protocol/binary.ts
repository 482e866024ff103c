import { ServingError } from '../errors.ts';
import { elementBytes, elementsOver } from './datatypes.ts';
import { elementCount } from './shape.ts';
import type { Tensor } from './tensor.ts';
import { decodeUtf8 } from './utf8.ts';

/**
 * A tensor from its little-endian bytes; BYTES elements carry a 4-byte length each. Fixed-size
 * types are views on `bytes` where aligned. @throws ServingError `malformed`
 */
export function readBinaryTensor(bytes: Uint8Array, type: Omit<Tensor, 'data'>): Tensor {
  const { name, datatype, shape } = type;
  const count = elementCount(shape);
  if (datatype === 'BYTES') {
    return { name, datatype, shape, data: readStrings(bytes, count, name) };
  }
  const size = elementBytes(datatype);
  if (bytes.byteLength !== count * size) {
    throw refuse(
      `input \`${name}\`: ${datatype} [${shape.join(',')}] takes ${count * size} bytes, got ${bytes.byteLength}`,
    );
  }
  if (datatype === 'BOOL') {
    const at = bytes.findIndex((byte) => byte > 1);
    if (at !== -1) {
      throw refuse(
        `input \`${name}\`: element ${at}: a BOOL is the byte 0 or 1, got ${bytes[at] ?? ''}`,
      );
    }
  }
  return { name, datatype, shape, data: elementsOver(datatype, bytes) };
}

/** A tensor's bytes as they stand in a binary body. */
export function binaryOf({ datatype, data }: Tensor): Uint8Array {
  if (datatype !== 'BYTES') {
    const { buffer, byteOffset, byteLength } = data as Uint8Array;
    return new Uint8Array(buffer, byteOffset, byteLength);
  }
  const texts = (data as string[]).map((text) => Buffer.from(text, 'utf8'));
  const all = new Uint8Array(texts.reduce((total, text) => total + 4 + text.length, 0));
  const view = new DataView(all.buffer);
  let offset = 0;
  for (const text of texts) {
    view.setUint32(offset, text.length, true);
    all.set(text, offset + 4);
    offset += 4 + text.length;
  }
  return all;
}

/** One BYTES element. @throws ServingError `malformed`: not UTF-8, or with NUL */
export function textElement(bytes: Uint8Array, where: string): string {
  if (bytes.includes(0)) {
    throw refuse(`${where}: BYTES must not hold NUL: the runtime cuts strings there`);
  }
  try {
    return decodeUtf8(bytes);
  } catch (cause) {
    throw refuse(`${where}: BYTES must be UTF-8: the runtime spoils other bytes`, cause);
  }
}

function readStrings(bytes: Uint8Array, count: number, name: string): string[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (count > bytes.byteLength / 4) {
    throw refuse(
      `input \`${name}\`: ${count} BYTES elements take at least ${count * 4} bytes, got ${bytes.byteLength}`,
    );
  }
  const strings: string[] = [];
  let offset = 0;
  for (let index = 0; index < count; index++) {
    const where = `input \`${name}\`: element ${index}`;
    const left = bytes.byteLength - offset - 4;
    if (left < 0) throw refuse(`${where}: expected a 4-byte length, got ${left + 4} bytes`);
    const length = view.getUint32(offset, true);
    if (length > left) throw refuse(`${where}: has length ${length}, but ${left} bytes are left`);
    strings.push(textElement(bytes.subarray(offset + 4, offset + 4 + length), where));
    offset += 4 + length;
  }
  if (offset !== bytes.byteLength) {
    throw refuse(
      `input \`${name}\`: ${bytes.byteLength - offset} bytes are left after ${count} elements`,
    );
  }
  return strings;
}

function refuse(detail: string, cause?: unknown): ServingError {
  return new ServingError({ kind: 'malformed', detail }, { cause });
}
