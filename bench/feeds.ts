import { type InferenceSession, Tensor as RuntimeTensor } from 'onnxruntime-node';
import type { Tensor } from '../shared/protocol/tensor.ts';

const TYPES: Partial<Record<Tensor['datatype'], 'float32' | 'int64'>> = {
  FP32: 'float32',
  INT64: 'int64',
};

/** How each of several sessions side by side is made: one thread each. */
export const ONE_THREAD = {
  intraOpNumThreads: 1,
  interOpNumThreads: 1,
  graphOptimizationLevel: 'all',
  logSeverityLevel: 4,
} as const satisfies InferenceSession.SessionOptions;

/** Inputs as the runtime takes them. @throws Error for types the benchmark has no use for */
export function feedsOf(inputs: readonly Tensor[]): Record<string, RuntimeTensor> {
  return Object.fromEntries(
    inputs.map(({ name, datatype, shape, data }) => {
      const type = TYPES[datatype];
      if (!type) throw new Error(`input ${name}: ${datatype} is not used here`);
      return [name, new RuntimeTensor(type, data, shape)];
    }),
  );
}
