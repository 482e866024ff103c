import { quoted } from '../ids.ts';
import type {
  AttributeProto,
  FunctionProto,
  GraphProto,
  ModelProto,
  NodeProto,
  SparseTensorProto,
  TensorProto,
} from './generated/onnx_pb.ts';

/** A list of nodes that share names: the graph, a subgraph of If, Loop or Scan, or a function. */
export interface Body {
  /** Where it stands, for a message; empty for the main graph. */
  readonly where: string;
  readonly nodes: readonly NodeProto[];
  readonly initializers: readonly TensorProto[];
  readonly sparseInitializers: readonly SparseTensorProto[];
  /** The body whose names this one sees too. */
  readonly parent: Body | undefined;
}

/** Every body of a model, each before the ones inside it: graph, training graphs, functions. */
export function* bodiesOf(model: ModelProto): Generator<Body> {
  if (model.graph) yield* graphBodies(model.graph, '', undefined);
  for (const training of model.trainingInfo) {
    for (const graph of [training.initialization, training.algorithm]) {
      if (graph) yield* graphBodies(graph, 'training graph', undefined);
    }
  }
  for (const definition of model.functions) {
    const body: Body = {
      where: `function ${functionKey(definition)}`,
      nodes: definition.node,
      initializers: [],
      sparseInitializers: [],
      parent: undefined,
    };
    yield body;
    yield* subgraphsOf(body);
    for (const attribute of definition.attributeProto) yield* attributeGraphs(attribute, body);
  }
}

function* graphBodies(graph: GraphProto, where: string, parent: Body | undefined): Generator<Body> {
  const body: Body = {
    where,
    nodes: graph.node,
    initializers: graph.initializer,
    sparseInitializers: graph.sparseInitializer,
    parent,
  };
  yield body;
  yield* subgraphsOf(body);
}

function* subgraphsOf(body: Body): Generator<Body> {
  for (const node of body.nodes) {
    for (const attribute of node.attribute) yield* attributeGraphs(attribute, body);
  }
}

function* attributeGraphs(attribute: AttributeProto, parent: Body): Generator<Body> {
  const where = `subgraph ${quoted(attribute.name)}`;
  if (attribute.g) yield* graphBodies(attribute.g, where, parent);
  for (const graph of attribute.graphs) yield* graphBodies(graph, where, parent);
}

/** A tensor stored in the model, and what to call it in a message. */
export interface StoredTensor {
  readonly tensor: TensorProto;
  readonly what: string;
}

/** Every tensor stored in a body itself: initializers and attributes, not those of its subgraphs. */
export function* tensorsOf(body: Body): Generator<StoredTensor> {
  const within = body.where && ` in ${body.where}`;
  for (const tensor of body.initializers) {
    yield { tensor, what: `initializer ${quoted(tensor.name)}${within}` };
  }
  for (const sparse of body.sparseInitializers) {
    yield* sparseTensors(sparse, `sparse initializer${within}`);
  }
  for (const node of body.nodes) {
    for (const attribute of node.attribute) {
      const what = () => `attribute ${quoted(attribute.name)} of ${nodeText(node)}${within}`;
      if (attribute.t) yield { tensor: attribute.t, what: what() };
      for (const tensor of attribute.tensors) yield { tensor, what: what() };
      if (attribute.sparseTensor) yield* sparseTensors(attribute.sparseTensor, what());
      for (const sparse of attribute.sparseTensors) yield* sparseTensors(sparse, what());
    }
  }
}

function* sparseTensors(sparse: SparseTensorProto, what: string): Generator<StoredTensor> {
  if (sparse.values) yield { tensor: sparse.values, what: `${what}, values` };
  if (sparse.indices) yield { tensor: sparse.indices, what: `${what}, indices` };
}

/** A node, for a message: its operator, and its name if it has one. */
function nodeText(node: NodeProto): string {
  return node.name
    ? `node ${quoted(node.name)} (${operatorKey(node)})`
    : `a ${operatorKey(node)} node`;
}

/** `Op` of ONNX's own domain, else `domain::Op`. */
export function operatorKey(node: NodeProto): string {
  const domain = domainName(node.domain);
  return domain === 'ai.onnx' ? node.opType : `${domain}::${node.opType}`;
}

/** Like `operatorKey`, of what a model-local function defines. */
export function functionKey(definition: FunctionProto): string {
  return `${domainName(definition.domain)}::${definition.name}`;
}

/** ONNX writes its own domain as the empty text or `ai.onnx`. */
export function domainName(domain: string): string {
  return domain === '' ? 'ai.onnx' : domain;
}
