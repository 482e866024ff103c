import { areAlone } from '../../inference/body-pool.ts';

/** The bytes in a buffer of their own, which may be moved to another thread: themselves, or a copy. */
export function ownBytes(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  const { buffer } = bytes;
  return buffer instanceof ArrayBuffer && areAlone(bytes)
    ? (bytes as Uint8Array<ArrayBuffer>)
    : new Uint8Array(bytes);
}
