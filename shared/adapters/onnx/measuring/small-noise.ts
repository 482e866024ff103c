import { generator } from '../../../evaluation/random.ts';
import { numberToFloat16 } from '../../../protocol/float16.ts';
import type { Tensor } from '../../../protocol/tensor.ts';
import type { Spread } from './column-spread.ts';
import { floatAt, isFloat } from './floats.ts';

/** How far each number is moved, in standard deviations of its column. */
export const NOISE = 0.01;

/**
 * Moves every number of inputs of floats up or down by `NOISE` standard deviations of its column, in
 * place; whole numbers, texts and what is not finite stay. The same seed is the same noise.
 */
export function smallNoise(
  spreads: readonly (Spread | undefined)[],
  seed: number,
): (inputs: readonly Tensor[]) => void {
  const random = generator(seed);
  return (inputs) => {
    for (const [place, input] of inputs.entries()) {
      const spread = spreads[place];
      if (!spread || !isFloat(input)) continue;
      const width = spread.deviation.length;
      const data = input.data as Float64Array;
      for (let index = 0; index < data.length; index++) {
        const step = NOISE * (spread.deviation[index % width] as number);
        const moved = floatAt(input, index) + (random() < 0.5 ? -step : step);
        data[index] = input.datatype === 'FP16' ? numberToFloat16(moved) : moved;
      }
    }
  };
}
