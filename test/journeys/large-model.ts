import { modelBytes, node, T, tensorValue } from '../model-maker.ts';

/**
 * A model of `layers` square matrix products, `width`² FP32 weights each, behind each other:
 * `x` [N, width] → `y` [N, width]. Large to load and slow to run, as a real one is.
 */
export function largeModel({ width, layers }: { width: number; layers: number }): Uint8Array {
  const weights = new Float32Array(width * width);
  for (let index = 0; index < weights.length; index++)
    weights[index] = ((index * 7919) % 97) / 97 / width;
  const rawData = new Uint8Array(weights.buffer);
  return modelBytes({
    input: [tensorValue('x', T.FLOAT, ['n', width])],
    output: [tensorValue('y', T.FLOAT, ['n', width])],
    initializer: Array.from({ length: layers }, (_, layer) => ({
      name: `w${layer}`,
      dataType: T.FLOAT,
      dims: [BigInt(width), BigInt(width)],
      rawData,
    })),
    node: Array.from({ length: layers }, (_, layer) =>
      node(
        'MatMul',
        [layer === 0 ? 'x' : `h${layer - 1}`, `w${layer}`],
        [layer === layers - 1 ? 'y' : `h${layer}`],
      ),
    ),
  });
}
