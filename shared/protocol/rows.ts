import { allocate, type FixedDatatype } from './datatypes.ts';
import type { Tensor } from './tensor.ts';

/**
 * Tensors of one datatype and the same dimensions but the first, one below the other: shape
 * [Σ rows, …rest]. The name is the first one's.
 */
export function concatRows(tensors: readonly Tensor[]): Tensor {
  const [first, ...others] = tensors;
  if (!first) throw new Error('concatRows: expected at least one tensor');
  if (others.length === 0) return first;
  const rows = tensors.reduce((sum, { shape }) => sum + (shape[0] ?? 0), 0);
  const shape = [rows, ...first.shape.slice(1)];
  if (Array.isArray(first.data)) {
    return { ...first, shape, data: tensors.flatMap(({ data }) => data as string[]) };
  }
  const length = tensors.reduce((sum, { data }) => sum + data.length, 0);
  const data = allocate(first.datatype as FixedDatatype, length);
  let at = 0;
  for (const tensor of tensors) {
    data.set(tensor.data as never, at);
    at += tensor.data.length;
  }
  return { ...first, shape, data };
}

/** Rows [from, to) of a tensor: a view on its elements where they lie in memory. */
export function sliceRows(tensor: Tensor, from: number, to: number): Tensor {
  const { shape, data } = tensor;
  const width = shape[0] ? data.length / shape[0] : 0;
  const begin = from * width;
  const end = to * width;
  return {
    ...tensor,
    shape: [to - from, ...shape.slice(1)],
    data: Array.isArray(data) ? data.slice(begin, end) : data.subarray(begin, end),
  };
}
