import { create, type DescMessage, type MessageInitShape, toBinary } from '@bufbuild/protobuf';
import {
  AttributeProto_AttributeType as A,
  type AttributeProtoSchema,
  type FunctionProtoSchema,
  type GraphProtoSchema,
  ModelProtoSchema,
  type NodeProtoSchema,
  TensorProto_DataType as T,
  type TensorProtoSchema,
  type TypeProtoSchema,
  type ValueInfoProtoSchema,
} from '../shared/graph/generated/onnx_pb.ts';

/** The parts of a message, not a message that was made already. */
type Init<Schema extends DescMessage> = Extract<
  MessageInitShape<Schema>,
  { readonly $typeName?: never }
>;
export type Node = Init<typeof NodeProtoSchema>;
export type Graph = Init<typeof GraphProtoSchema>;
export type Attribute = Init<typeof AttributeProtoSchema>;
export type StoredTensor = Init<typeof TensorProtoSchema>;
export type Value = Init<typeof ValueInfoProtoSchema>;
export type Function = Init<typeof FunctionProtoSchema>;
type Type = Init<typeof TypeProtoSchema>;

export { T };

/** The bytes of a model; what isn't said is what a plain exporter would write. */
export function modelBytes(
  graph: Graph,
  more: Omit<Init<typeof ModelProtoSchema>, 'graph'> = {},
): Uint8Array {
  return toBinary(
    ModelProtoSchema,
    create(ModelProtoSchema, {
      irVersion: 8n,
      producerName: 'test',
      opsetImport: [
        { domain: '', version: 17n },
        { domain: 'ai.onnx.ml', version: 3n },
      ],
      ...more,
      graph: { name: 'graph', ...graph },
    }),
  );
}

/** A dimension that is a text is dynamic; no `dims` at all is an unknown rank. */
export function tensorType(elemType: number, dims?: readonly (number | bigint | string)[]): Type {
  const shape = dims && {
    dim: dims.map((dim) => ({
      value:
        typeof dim === 'string'
          ? { case: 'dimParam' as const, value: dim }
          : { case: 'dimValue' as const, value: BigInt(dim) },
    })),
  };
  return { value: { case: 'tensorType', value: { elemType, ...(shape && { shape }) } } };
}

export function tensorValue(
  name: string,
  elemType: number,
  dims?: readonly (number | bigint | string)[],
): Value {
  return { name, type: tensorType(elemType, dims) };
}

export function sequenceValue(name: string, element: Type): Value {
  return { name, type: { value: { case: 'sequenceType', value: { elemType: element } } } };
}

export function node(
  opType: string,
  input: string[],
  output: string[],
  more: { domain?: string; name?: string; attribute?: Attribute[] } = {},
): Node {
  return { opType, input, output, ...more };
}

export const ints = (name: string, ...values: readonly (number | bigint)[]): Attribute => ({
  name,
  type: A.INTS,
  ints: values.map(BigInt),
});
export const int = (name: string, value: number | bigint): Attribute => ({
  name,
  type: A.INT,
  i: BigInt(value),
});
export const floats = (name: string, ...values: readonly number[]): Attribute => ({
  name,
  type: A.FLOATS,
  floats: [...values],
});
export const strings = (name: string, ...values: readonly string[]): Attribute => ({
  name,
  type: A.STRINGS,
  strings: values.map((text) => new TextEncoder().encode(text)),
});
export const graphAttribute = (name: string, g: Graph): Attribute => ({
  name,
  type: A.GRAPH,
  g: { name, ...g },
});
export const tensorAttribute = (name: string, t: StoredTensor): Attribute => ({
  name,
  type: A.TENSOR,
  t,
});

export function int64s(
  name: string,
  dims: readonly number[],
  values: readonly (number | bigint)[],
): StoredTensor {
  return { name, dataType: T.INT64, dims: dims.map(BigInt), int64Data: values.map(BigInt) };
}

export function float32s(
  name: string,
  dims: readonly number[],
  values: readonly number[],
): StoredTensor {
  return { name, dataType: T.FLOAT, dims: dims.map(BigInt), floatData: [...values] };
}

/** `y = Identity(x)`, FP32 [n, 2]: a model with nothing wrong, to spoil in one place. */
export const PLAIN: Graph = {
  input: [tensorValue('x', T.FLOAT, ['n', 2])],
  output: [tensorValue('y', T.FLOAT, ['n', 2])],
  node: [node('Identity', ['x'], ['y'])],
};

/** A message in a message in a message …, by field numbers from the outside; the innermost is empty. */
export function nestedMessages(fields: readonly number[]): Uint8Array<ArrayBuffer> {
  const backwards: number[] = [];
  for (const field of fields.toReversed()) {
    const head = [(field << 3) | 2];
    let length = backwards.length;
    for (; length > 127; length >>>= 7) head.push((length & 127) | 128);
    head.push(length);
    backwards.push(...head.reverse());
  }
  return Uint8Array.from(backwards.reverse());
}
