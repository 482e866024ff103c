/** The tensor datatypes of the Open Inference Protocol V2 (spelled as there). */
export const DATATYPES = [
  'BOOL',
  'UINT8',
  'UINT16',
  'UINT32',
  'UINT64',
  'INT8',
  'INT16',
  'INT32',
  'INT64',
  'FP16',
  'FP32',
  'FP64',
  'BYTES',
] as const;
export type Datatype = (typeof DATATYPES)[number];

/** A tensor a model takes or gives. In `shape`, -1 is a dynamic dimension; undefined: any rank. */
export interface TensorSpec {
  readonly name: string;
  readonly datatype: Datatype;
  readonly shape: readonly number[] | undefined;
}

/** What a model takes and gives, in the graph's order. */
export interface Signature {
  readonly inputs: readonly TensorSpec[];
  readonly outputs: readonly TensorSpec[];
}

/**
 * Elements in row-major order. BOOL is Uint8Array of 0 and 1; FP16 is Uint16Array of IEEE 754
 * binary16 bit patterns (as onnxruntime takes them); BYTES is strings (onnxruntime's strings are
 * UTF-8 text without NUL).
 */
export type TensorData =
  | Uint8Array
  | Int8Array
  | Uint16Array
  | Int16Array
  | Uint32Array
  | Int32Array
  | BigUint64Array
  | BigInt64Array
  | Float32Array
  | Float64Array
  | string[];

/** A concrete tensor: the product of `shape` equals `data.length`. */
export interface Tensor {
  readonly name: string;
  readonly datatype: Datatype;
  readonly shape: readonly number[];
  readonly data: TensorData;
}
