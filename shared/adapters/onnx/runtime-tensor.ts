import type * as onnxruntime from 'onnxruntime-node';
import type { Tensor as RuntimeTensor } from 'onnxruntime-node';
import { ServingError } from '../../errors.ts';
import type { Datatype, Tensor } from '../../protocol/tensor.ts';

type RuntimeType = RuntimeTensor.Type;
type Runtime = Pick<typeof onnxruntime, 'Tensor'>;

const RUNTIME_TYPES = {
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
} as const satisfies Record<Datatype, RuntimeType>;

const DATATYPES = new Map(
  Object.entries(RUNTIME_TYPES).map(([datatype, type]) => [type as string, datatype as Datatype]),
);

/** The runtime's tensor over the same memory. */
export function toRuntime(runtime: Runtime, { datatype, shape, data }: Tensor): RuntimeTensor {
  return new runtime.Tensor(RUNTIME_TYPES[datatype], data, shape);
}

/** A tensor the runtime gave, over the same memory. @throws Error for a type we have no name for */
export function fromRuntime(name: string, value: RuntimeTensor): Tensor {
  const datatype = DATATYPES.get(value.type);
  if (!datatype) throw new Error(`output \`${name}\`: type ${value.type} can't be served`);
  let data = value.data;
  if (datatype === 'FP16' && !(data instanceof Uint16Array)) {
    // Where the platform has a Float16Array the runtime uses it; we keep the bit patterns.
    const { buffer, byteOffset, length } = data as unknown as Uint16Array;
    data = new Uint16Array(buffer, byteOffset, length);
  }
  return { name, datatype, shape: value.dims, data };
}

/**
 * What a failed run means to the caller: the request fits the signature, so either its values don't
 * suit the graph (an index out of bounds, shapes that don't broadcast) or memory ran out.
 */
export function runFailure(error: unknown): ServingError {
  const text = (error instanceof Error ? error.message : String(error)).slice(0, 1000);
  if (/bad_alloc|failed to allocate|out of memory/i.test(text)) {
    return new ServingError(
      {
        kind: 'overloaded',
        detail: 'the model asked for more memory than this instance has free',
        retryAfterSeconds: 5,
      },
      { cause: error },
    );
  }
  return new ServingError(
    { kind: 'malformed', detail: `the model can't run on this input: ${text}`, atRun: true },
    { cause: error },
  );
}
