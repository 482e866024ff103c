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

/** Zeros. */
export function allocate<D extends FixedDatatype>(datatype: D, length: number): ArrayOf[D] {
  return new ARRAYS[datatype](length);
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
