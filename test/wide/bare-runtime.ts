import { InferenceSession, Tensor as RuntimeTensor } from 'onnxruntime-node';
import { SESSION_OPTIONS } from '../../shared/adapters/onnx/serving-options.ts';
import type { Tensor } from '../../shared/protocol/tensor.ts';

const NAMES = {
  BOOL: 'bool',
  UINT8: 'uint8',
  UINT16: 'uint16',
  UINT32: 'uint32',
  UINT64: 'uint64',
  INT8: 'int8',
  INT16: 'int16',
  INT32: 'int32',
  INT64: 'int64',
  FP16: 'float16',
  FP32: 'float32',
  FP64: 'float64',
  BYTES: 'string',
} as const satisfies Record<Tensor['datatype'], RuntimeTensor.Type>;
const DATATYPES = new Map<string, Tensor['datatype']>(
  Object.entries(NAMES).map(([datatype, name]) => [name, datatype as Tensor['datatype']]),
);

/** Loads a model in the runtime itself, nothing of this project between; answers as it is sent. */
export async function bareModel(
  file: string,
): Promise<(inputs: readonly Tensor[], outputs: readonly string[]) => Promise<Tensor[]>> {
  const session = await InferenceSession.create(file, SESSION_OPTIONS);
  return async (inputs, outputs) => {
    const feeds = Object.fromEntries(
      inputs.map((input) => [
        input.name,
        new RuntimeTensor(NAMES[input.datatype], input.data as Uint8Array, input.shape),
      ]),
    );
    const answer = await session.run(feeds, outputs);
    return outputs.flatMap((name) => {
      const tensor = answer[name];
      const datatype = tensor && DATATYPES.get(tensor.type);
      if (!tensor || !datatype) return [];
      return [{ name, datatype, shape: tensor.dims, data: tensor.data }];
    });
  };
}
