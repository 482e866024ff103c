import { type Body, bodiesOf, domainName } from './bodies.ts';
import type { GraphFacts } from './facts.ts';
import type { ModelProto, NodeProto } from './generated/onnx_pb.ts';

/** Operators that take a scale over the whole of their input, neighbours in a batch included. */
const DYNAMIC = /^DynamicQuantize/;
/** Operators that compute on quantized activations. */
const STATIC =
  /^(QLinear.*|QGemm|QAttention|QEmbedLayerNormalization|QuantizeLinear|MatMulInteger.*|ConvInteger)$/;
/** Operators that hold quantized weights, activations staying float. */
const WEIGHTS = /^(DequantizeLinear|MatMulNBits|MatMulBnb4|GatherBlockQuantized|QMoE)$/;

/**
 * How a model is quantized. `dynamic` wins over all others, since it forbids batching requests
 * together; a QuantizeLinear whose scale is computed is dynamic too. In a function a scale that is
 * an argument counts as computed: the caller may compute it.
 */
export function quantization(model: ModelProto): GraphFacts['quantized'] {
  const constants = new Map<Body, ReadonlySet<string>>();
  let found: GraphFacts['quantized'] = 'no';
  for (const body of bodiesOf(model)) {
    const known = (name: string) => isKnown(name, body, constants);
    constants.set(body, constantsOf(body, known));
    for (const node of body.nodes) {
      const kind = kindOf(node, known);
      if (kind === 'dynamic') return 'dynamic';
      if (kind === 'static' || (kind === 'weights' && found === 'no')) found = kind;
    }
  }
  return found;
}

function kindOf(node: NodeProto, known: (name: string) => boolean): GraphFacts['quantized'] {
  const domain = domainName(node.domain);
  if (domain !== 'ai.onnx' && domain !== 'com.microsoft') return 'no';
  const [data = '', scale = ''] = node.input;
  if (DYNAMIC.test(node.opType)) return 'dynamic';
  if (node.opType === 'QuantizeLinear') {
    if (known(data)) return 'weights';
    return known(scale) ? 'static' : 'dynamic';
  }
  if (STATIC.test(node.opType)) return 'static';
  return WEIGHTS.test(node.opType) ? 'weights' : 'no';
}

function isKnown(
  name: string,
  body: Body,
  constants: ReadonlyMap<Body, ReadonlySet<string>>,
): boolean {
  for (let scope: Body | undefined = body; scope; scope = scope.parent) {
    if (constants.get(scope)?.has(name)) return true;
  }
  return false;
}

/** Names whose value is the same for every request: stored, or computed from such ones alone. */
function constantsOf(body: Body, outer: (name: string) => boolean): ReadonlySet<string> {
  const names = new Set(body.initializers.map((tensor) => tensor.name));
  for (const sparse of body.sparseInitializers) if (sparse.values) names.add(sparse.values.name);
  // Nodes stand in topological order, so one pass is enough.
  for (const node of body.nodes) {
    const inputs = node.input.filter((name) => name !== '');
    const constant =
      node.opType === 'Constant' ||
      (inputs.length > 0 &&
        !node.opType.startsWith('Random') &&
        !node.attribute.some((attribute) => attribute.g) &&
        inputs.every((name) => names.has(name) || outer(name)));
    if (constant) for (const name of node.output) names.add(name);
  }
  return names;
}
