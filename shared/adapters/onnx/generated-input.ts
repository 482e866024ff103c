import { Tensor } from 'onnxruntime-node';
import type { TensorSpec } from '../../protocol/tensor.ts';

/** Larger inputs are not made up: nobody could send them in one request either. */
const MAX_ELEMENTS = 25_000_000;

/**
 * A tensor that fits a specification, all its elements alike: dynamic dimensions and an unknown
 * rank are of one element, strings are the number as text. Undefined when it would be too large.
 */
export function generatedInput(spec: TensorSpec, value: 0 | 1): Tensor | undefined {
  const shape = (spec.shape ?? [1]).map((dim) => (dim === -1 ? 1 : dim));
  const size = shape.reduce((product, dim) => product * dim, 1);
  if (size > MAX_ELEMENTS) return undefined;
  switch (spec.datatype) {
    case 'BOOL':
      return new Tensor('bool', new Uint8Array(size).fill(value), shape);
    case 'UINT8':
      return new Tensor('uint8', new Uint8Array(size).fill(value), shape);
    case 'UINT16':
      return new Tensor('uint16', new Uint16Array(size).fill(value), shape);
    case 'UINT32':
      return new Tensor('uint32', new Uint32Array(size).fill(value), shape);
    case 'UINT64':
      return new Tensor('uint64', new BigUint64Array(size).fill(BigInt(value)), shape);
    case 'INT8':
      return new Tensor('int8', new Int8Array(size).fill(value), shape);
    case 'INT16':
      return new Tensor('int16', new Int16Array(size).fill(value), shape);
    case 'INT32':
      return new Tensor('int32', new Int32Array(size).fill(value), shape);
    case 'INT64':
      return new Tensor('int64', new BigInt64Array(size).fill(BigInt(value)), shape);
    case 'FP16':
      // 0x3c00 is 1 in IEEE 754 binary16.
      return new Tensor('float16', new Uint16Array(size).fill(value * 0x3c00), shape);
    case 'FP32':
      return new Tensor('float32', new Float32Array(size).fill(value), shape);
    case 'FP64':
      return new Tensor('float64', new Float64Array(size).fill(value), shape);
    case 'BYTES':
      return new Tensor('string', new Array<string>(size).fill(String(value)), shape);
  }
}
