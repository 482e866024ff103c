import { quoted } from '../ids.ts';
import type { Datatype, Signature, TensorSpec } from '../protocol/tensor.ts';
import { DATATYPES } from '../protocol/tensor.ts';
import { elementName, elementType } from './elements.ts';
import { MAX_RANK } from './facts.ts';
import type { GraphProto, TypeProto, ValueInfoProto } from './generated/onnx_pb.ts';

/** An output as far as the graph tells: its type may be left to the runtime to infer. */
export interface DraftOutput {
  readonly name: string;
  readonly datatype: Datatype | undefined;
  readonly shape: readonly number[] | undefined;
}

/** A signature before the runtime has seen the model. */
export interface DraftSignature {
  readonly inputs: readonly TensorSpec[];
  readonly outputs: readonly DraftOutput[];
}

export interface SignatureReading {
  readonly draft: DraftSignature;
  readonly faults: readonly string[];
  readonly warnings: readonly string[];
}

const SERVABLE = DATATYPES.join(', ');

/**
 * Inputs and outputs in the graph's order. An input with an initializer has a default and is left
 * out. Outputs that are no tensors are left out with a warning as long as a tensor remains: the
 * runtime can be asked for some outputs only.
 */
export function readSignature(graph: GraphProto): SignatureReading {
  const defaults = new Set(graph.initializer.map((tensor) => tensor.name));
  for (const sparse of graph.sparseInitializer) if (sparse.values) defaults.add(sparse.values.name);
  const required = graph.input.filter((input) => !defaults.has(input.name));
  const faults = [...nameFaults('input', graph.input), ...nameFaults('output', graph.output)];
  const warnings: string[] = [];

  const inputs = required.flatMap((input): TensorSpec[] => {
    const spec = tensorSpec(`input ${quoted(input.name)}`, input, faults);
    if (!spec) return [];
    if (spec.datatype) return [{ ...spec, datatype: spec.datatype }];
    faults.push(`input ${quoted(input.name)}: has no type; export the model with its input types`);
    return [];
  });

  const others = graph.output.filter((output) => isOther(output.type));
  const tensors = graph.output.filter((output) => !isOther(output.type));
  const told = others.map((output) => otherOutput(output, graph));
  if (tensors.length > 0) warnings.push(...told.map((text) => `${text} It is not served.`));
  else faults.push(...told);
  if (graph.output.length === 0) faults.push('the graph has no outputs; it needs at least one');

  const outputs = tensors.flatMap((output) => {
    const spec = tensorSpec(`output ${quoted(output.name)}`, output, faults);
    return spec ? [spec] : [];
  });
  return { draft: { inputs, outputs }, faults, warnings };
}

function* nameFaults(kind: 'input' | 'output', values: readonly ValueInfoProto[]) {
  const names = new Set<string>();
  for (const { name } of values) {
    if (name === '') yield `an ${kind} has no name; each needs one`;
    if (names.has(name))
      yield `${kind} ${quoted(name)}: there are two of that name; each needs its own`;
    names.add(name);
  }
}

/** A sequence, map, optional or sparse tensor; no type at all is left to the runtime. */
function isOther(type: TypeProto | undefined): boolean {
  return type?.value.case !== undefined && type.value.case !== 'tensorType';
}

function tensorSpec(
  what: string,
  value: ValueInfoProto,
  faults: string[],
): DraftOutput | undefined {
  const type = value.type?.value;
  if (type?.case === undefined) return { name: value.name, datatype: undefined, shape: undefined };
  if (type.case !== 'tensorType') {
    faults.push(
      `${what}: is ${typeName(value.type)}; only tensors can be sent. Make it a tensor, or take the nodes that need it out of the model`,
    );
    return undefined;
  }
  const element = elementType(type.value.elemType);
  if (!element?.datatype) {
    faults.push(
      `${what}: is ${elementName(type.value.elemType)}; expected one of ${SERVABLE}. Put a Cast between it and the graph (FLOAT or FLOAT16 for small floats, INT8 for small integers)`,
    );
    return undefined;
  }
  const dims = type.value.shape?.dim.map((dim) =>
    // Some exporters write a dynamic dimension as -1; the runtime takes it as one.
    dim.value.case === 'dimValue' ? dim.value.value : -1n,
  );
  if (dims && dims.length > MAX_RANK) {
    faults.push(`${what}: has ${dims.length} dimensions; expected at most ${MAX_RANK}`);
    return undefined;
  }
  if (dims?.some((dim) => dim < -1n || dim > BigInt(Number.MAX_SAFE_INTEGER))) {
    faults.push(
      `${what}: its shape is [${dims.join(',')}]; each dimension must be 0 to 2^53, or dynamic`,
    );
    return undefined;
  }
  return { name: value.name, datatype: element.datatype, shape: dims?.map(Number) };
}

function otherOutput(output: ValueInfoProto, graph: GraphProto): string {
  const zipMap = graph.node.some(
    (node) => node.opType === 'ZipMap' && node.output.includes(output.name),
  );
  const advice = zipMap
    ? "it comes from ZipMap. To get it as a tensor export without ZipMap: convert_sklearn(model, …, options={id(model): {'zipmap': False}})."
    : 'only tensors can be sent. Make it a tensor (SequenceAt, ConcatFromSequence), or take it out of the outputs.';
  return `output ${quoted(output.name)}: is ${typeName(output.type)}; ${advice}`;
}

/** ONNX's way to write a type: `seq(map(INT64,tensor(FLOAT)))`. */
function typeName(type: TypeProto | undefined): string {
  const value = type?.value;
  switch (value?.case) {
    case 'tensorType':
      return `tensor(${elementName(value.value.elemType)})`;
    case 'sparseTensorType':
      return `sparse_tensor(${elementName(value.value.elemType)})`;
    case 'sequenceType':
      return `seq(${typeName(value.value.elemType)})`;
    case 'optionalType':
      return `optional(${typeName(value.value.elemType)})`;
    case 'mapType':
      return `map(${elementName(value.value.keyType)},${typeName(value.value.valueType)})`;
    case 'opaqueType':
      return `opaque(${quoted(value.value.name)})`;
    case undefined:
      return 'of no type';
  }
}

/** What the runtime says of an output once it has loaded the model; `type` is its own spelling. */
export interface RuntimeOutput {
  readonly name: string;
  readonly datatype: Datatype | undefined;
  readonly shape: readonly number[] | undefined;
}

/**
 * The signature as it is served: where the graph leaves an output's type or a dimension open, the
 * runtime's inference fills it in. An output that turns out to be no tensor is left out, named in
 * `dropped`.
 */
export function settleSignature(
  draft: DraftSignature,
  runtime: readonly RuntimeOutput[],
): { signature: Signature; dropped: readonly string[] } {
  const known = new Map(runtime.map((output) => [output.name, output]));
  const outputs: TensorSpec[] = [];
  const dropped: string[] = [];
  for (const output of draft.outputs) {
    const inferred = known.get(output.name);
    const datatype = output.datatype ?? inferred?.datatype;
    if (datatype) outputs.push({ name: output.name, datatype, shape: refine(output, inferred) });
    else dropped.push(output.name);
  }
  return { signature: { inputs: draft.inputs, outputs }, dropped };
}

function refine(output: DraftOutput, inferred: RuntimeOutput | undefined): TensorSpec['shape'] {
  // The runtime gives [] for rank 0 and for an unknown rank alike: it can't be told from a guess.
  if (!inferred?.shape?.length) return output.shape;
  if (output.shape?.length !== inferred.shape.length) return output.shape ?? inferred.shape;
  return output.shape.map((dim, axis) => (dim === -1 ? (inferred.shape?.[axis] ?? -1) : dim));
}
