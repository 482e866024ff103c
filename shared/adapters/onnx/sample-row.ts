import { generator } from '../../evaluation/random.ts';
import { allocate } from '../../protocol/datatypes.ts';
import { numberToFloat16 } from '../../protocol/float16.ts';
import { elementCount } from '../../protocol/shape.ts';
import type { Tensor, TensorSpec } from '../../protocol/tensor.ts';

/** Far outside what any feature usually is, and still finite in FP16. */
const EXTREME = 30_000;
/** A token, so that models of text get more than one. */
const SEQUENCE = 8;

/**
 * One made-up row for an input: floats around 0, or far out; integers are 0 and 1, because they may
 * be indices or counts; dynamic dimensions beyond the first are 8. The same seed is the same row.
 */
export function sampleRow(
  { name, datatype, shape }: TensorSpec,
  seed: number,
  kind: 'ordinary' | 'extreme',
): Tensor {
  const rest = (shape ?? [-1])
    .slice(1)
    .map((dimension) => (dimension === -1 ? SEQUENCE : dimension));
  const dims = [1, ...rest];
  const length = elementCount(dims);
  const random = generator(seed);
  const real = (): number => {
    const value = random() + random() + random() - 1.5;
    return kind === 'extreme' ? Math.sign(value) * EXTREME * random() : value;
  };
  const bit = (): number => (random() < 0.5 ? 0 : 1);
  if (datatype === 'BYTES') {
    const text = kind === 'extreme' ? 'x'.repeat(1_000) : 'a';
    return { name, datatype, shape: dims, data: Array.from({ length }, () => text) };
  }
  const data = allocate(datatype, length);
  for (let index = 0; index < length; index++) {
    if (datatype === 'FP32' || datatype === 'FP64') data[index] = real();
    else if (datatype === 'FP16') data[index] = numberToFloat16(real());
    else if (data instanceof BigInt64Array || data instanceof BigUint64Array) {
      data[index] = BigInt(bit());
    } else data[index] = bit();
  }
  return { name, datatype, shape: dims, data };
}
