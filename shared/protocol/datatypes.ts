import type { TensorData } from './tensor.ts';

type ArrayOf = {
  BOOL: Uint8Array;
  UINT8: Uint8Array;
  UINT16: Uint16Array;
  UINT32: Uint32Array;
  UINT64: BigUint64Array;
  INT8: Int8Array;
  INT16: Int16Array;
  INT32: Int32Array;
  INT64: BigInt64Array;
  FP16: Uint16Array;
  FP32: Float32Array;
  FP64: Float64Array;
};
export type FixedDatatype = keyof ArrayOf;

interface TypedArrayConstructor<A> {
  readonly BYTES_PER_ELEMENT: number;
  new (length: number): A;
  new (buffer: ArrayBufferLike, byteOffset?: number, length?: number): A;
}

const ARRAYS: { readonly [D in FixedDatatype]: TypedArrayConstructor<ArrayOf[D]> } = {
  BOOL: Uint8Array,
  UINT8: Uint8Array,
  UINT16: Uint16Array,
  UINT32: Uint32Array,
  UINT64: BigUint64Array,
  INT8: Int8Array,
  INT16: Int16Array,
  INT32: Int32Array,
  INT64: BigInt64Array,
  FP16: Uint16Array,
  FP32: Float32Array,
  FP64: Float64Array,
};

/** Bytes of one element. */
export function elementBytes(datatype: FixedDatatype): number {
  return ARRAYS[datatype].BYTES_PER_ELEMENT;
}

// Small arrays share slabs, as Node's small buffers do: a buffer each would cost more to make and to
// collect than to fill. A slab goes when the last array on it has gone.
const SLAB_BYTES = 65_536;
const SMALL_BYTES = 4_096;
let slab = new ArrayBuffer(SLAB_BYTES);
let taken = 0;

/** Zeros; a small array's buffer is longer than the array. */
export function allocate<D extends FixedDatatype>(datatype: D, length: number): ArrayOf[D] {
  const array = ARRAYS[datatype];
  const bytes = length * array.BYTES_PER_ELEMENT;
  if (bytes > SMALL_BYTES) return new array(length);
  if (taken + bytes > SLAB_BYTES) {
    slab = new ArrayBuffer(SLAB_BYTES);
    taken = 0;
  }
  const at = taken;
  // Whatever comes next is aligned.
  taken += Math.ceil(bytes / 8) * 8;
  return new array(slab, at, length);
}

/**
 * Elements over little-endian bytes: a view where the address is aligned, else a copy.
 * Every platform the runtime ships for is little-endian. `bytes` is a multiple of the element.
 */
export function elementsOver(datatype: FixedDatatype, bytes: Uint8Array): TensorData {
  const { buffer, byteOffset, byteLength } = bytes;
  const array = ARRAYS[datatype];
  const size = array.BYTES_PER_ELEMENT;
  return byteOffset % size === 0
    ? new array(buffer, byteOffset, byteLength / size)
    : new array(buffer.slice(byteOffset, byteOffset + byteLength));
}
