import { float16ToNumber } from '../../../protocol/float16.ts';
import type { Tensor, TensorSpec } from '../../../protocol/tensor.ts';

/** Exponent of infinities and NaN in binary16. */
const FP16_SPECIAL = 0x7c00;
const FP16_FRACTION = 0x03ff;

export function isFloat({ datatype }: Pick<TensorSpec, 'datatype'>): boolean {
  return datatype === 'FP16' || datatype === 'FP32' || datatype === 'FP64';
}

/** An element of a tensor of floats. */
export function floatAt({ datatype, data }: Tensor, index: number): number {
  const element = Number(data[index]);
  return datatype === 'FP16' ? float16ToNumber(element) : element;
}

/** Whether the elements [from, to) of a tensor are all finite; of anything but floats they are. */
export function areFinite(tensor: Tensor, from: number, to: number): boolean {
  if (!isFloat(tensor)) return true;
  const data = tensor.data as Float32Array;
  const isHalf = tensor.datatype === 'FP16';
  for (let index = from; index < to; index++) {
    const element = data[index] as number;
    if (isHalf ? (element & FP16_SPECIAL) === FP16_SPECIAL : !Number.isFinite(element)) {
      return false;
    }
  }
  return true;
}

/** Whether one of the elements [from, to) is NaN. */
export function hasNaN(tensor: Tensor, from: number, to: number): boolean {
  if (!isFloat(tensor)) return false;
  const data = tensor.data as Float32Array;
  const isHalf = tensor.datatype === 'FP16';
  for (let index = from; index < to; index++) {
    const element = data[index] as number;
    if (isHalf) {
      if ((element & FP16_SPECIAL) === FP16_SPECIAL && (element & FP16_FRACTION) !== 0) return true;
    } else if (Number.isNaN(element)) return true;
  }
  return false;
}
