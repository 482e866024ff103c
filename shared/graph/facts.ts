import { bodiesOf, domainName, operatorKey, tensorsOf } from './bodies.ts';
import { elementType, packedBytes } from './elements.ts';
import type { ModelProto, NodeProto, TensorProto } from './generated/onnx_pb.ts';
import { quantization } from './quantization.ts';

/** Facts read from the ONNX protobuf itself. */
export interface GraphFacts {
  readonly irVersion: number;
  readonly producer: string;
  /** Operator sets by domain; `ai.onnx` is the default domain. */
  readonly opsets: Readonly<Record<string, number>>;
  /** How often each operator occurs, subgraphs and functions included; other domains as `domain::Op`. */
  readonly operators: Readonly<Record<string, number>>;
  readonly nodes: number;
  readonly parameters: number;
  readonly parameterBytes: number;
  /** `dynamic` when activations are quantized with scales taken from the request's own data. */
  readonly quantized: 'no' | 'weights' | 'static' | 'dynamic';
}

const MAX_PRODUCER = 200;
export const MAX_RANK = 64;

/**
 * What a model holds, read from its protobuf. Nodes of subgraphs and of functions count once, where
 * they are written. Parameters are the numbers that training may have set: initializers, tensors in
 * attributes, and the lists of floats in attributes of `ai.onnx.ml` (trees, linear models, SVMs).
 */
export function graphFacts(model: ModelProto): GraphFacts {
  const operators = new Map<string, number>();
  let nodes = 0;
  let parameters = 0n;
  let parameterBytes = 0n;
  for (const body of bodiesOf(model)) {
    for (const node of body.nodes) {
      nodes += 1;
      const key = operatorKey(node);
      operators.set(key, (operators.get(key) ?? 0) + 1);
      const floats = BigInt(floatsIn(node));
      parameters += floats;
      parameterBytes += floats * 4n;
    }
    for (const { tensor } of tensorsOf(body)) {
      const count = elementCount(tensor) ?? 0n;
      const type = elementType(tensor.dataType);
      parameters += count;
      parameterBytes += type && type.bits > 0 ? packedBytes(type, count) : stringBytes(tensor);
    }
  }
  return {
    irVersion: Number(model.irVersion),
    producer: `${model.producerName} ${model.producerVersion}`.trim().slice(0, MAX_PRODUCER),
    opsets: byName(model.opsetImport.map((o) => [domainName(o.domain), Number(o.version)])),
    operators: byName(operators),
    nodes,
    parameters: safe(parameters),
    parameterBytes: safe(parameterBytes),
    quantized: quantization(model),
  };
}

/** The product of a stored tensor's dimensions; undefined when one is negative or they are absurdly many. */
export function elementCount(tensor: TensorProto): bigint | undefined {
  if (tensor.dims.length > MAX_RANK) return undefined;
  if (tensor.dims.some((dimension) => dimension < 0n)) return undefined;
  return tensor.dims.reduce((product, dimension) => product * dimension, 1n);
}

function floatsIn(node: NodeProto): number {
  if (node.domain !== 'ai.onnx.ml') return 0;
  return node.attribute.reduce((sum, attribute) => sum + attribute.floats.length, 0);
}

function stringBytes(tensor: TensorProto): bigint {
  return BigInt(tensor.stringData.reduce((sum, text) => sum + text.length, 0));
}

/** Dimensions that lie can make any number; a number that JSON and arithmetic can hold is enough. */
function safe(count: bigint): number {
  return count > BigInt(Number.MAX_SAFE_INTEGER) ? Number.MAX_SAFE_INTEGER : Number(count);
}

function byName(counts: Iterable<[string, number]>): Record<string, number> {
  return Object.fromEntries([...counts].sort(([a], [b]) => (a < b ? -1 : 1)));
}
