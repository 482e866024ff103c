import { type InferenceSession, Tensor } from 'onnxruntime-node';
import type { Tensor as OwnTensor, Signature } from '../../../protocol/tensor.ts';
import { fromRuntime, toRuntime } from '../runtime-tensor.ts';

/** One run: the inputs in the signature's order give the outputs in theirs. */
export type Run = (inputs: readonly OwnTensor[]) => Promise<OwnTensor[]>;

/** Runs of a session, all of its outputs. Rejects with what the runtime says. */
export function runOf(session: InferenceSession, { outputs }: Signature): Run {
  const names = outputs.map(({ name }) => name);
  return async (inputs) => {
    const feeds = Object.fromEntries(
      inputs.map((input) => [input.name, toRuntime({ Tensor }, input)]),
    );
    const values = await session.run(feeds, names);
    return names.map((name) => {
      const value = values[name];
      if (!value) throw new Error(`the runtime gave no output \`${name}\``);
      return fromRuntime(name, value);
    });
  };
}
