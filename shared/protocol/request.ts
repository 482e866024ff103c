import { ServingError } from '../errors.ts';
import { readBinaryTensor } from './binary.ts';
import { JsonCursor } from './json-cursor.ts';
import { readData } from './json-data.ts';
import {
  type Parameters,
  type RequestParameters,
  readParameters,
  requestParameters,
} from './parameters.ts';
import { readRawRequest } from './raw.ts';
import { parseShape, shapeFits, typeText } from './shape.ts';
import {
  DATATYPES,
  type Datatype,
  type Signature,
  type Tensor,
  type TensorSpec,
} from './tensor.ts';

/** An output that was asked for. */
export interface RequestedOutput {
  readonly name: string;
  readonly binary: boolean;
}

/** A request that fits its model's signature. */
export interface InferRequest {
  readonly id: string | undefined;
  /** In the signature's order. */
  readonly inputs: readonly Tensor[];
  /** In the order in which to answer. */
  readonly outputs: readonly RequestedOutput[];
  readonly parameters: RequestParameters;
}

/** An input as far as its members have been read; `data` is a position until its type is known. */
interface InputDraft {
  name?: string;
  datatype?: Datatype;
  shape?: readonly number[];
  parameters: Parameters;
  dataAt?: number;
  tensor?: Tensor;
}

interface Envelope {
  id?: string;
  parameters: Parameters;
  inputs: InputDraft[];
  outputs: { name: string; parameters: Parameters }[];
}

/**
 * Decodes an inference request (Open Inference Protocol V2 with Triton's binary extension).
 * `headerLength` is the JSON's length when the body is binary, undefined when it is all JSON, 0 for
 * one raw tensor. Tensors may be views on `body`. @throws ServingError `malformed`
 */
export function decodeRequest(
  body: Uint8Array,
  headerLength: number | undefined,
  signature: Signature,
): InferRequest {
  if (headerLength === 0) return readRawRequest(body, signature);
  if (headerLength !== undefined && headerLength > body.byteLength) {
    throw refuse(
      `Inference-Header-Content-Length: ${headerLength} is beyond the body's ${body.byteLength} bytes`,
    );
  }
  const envelope = readEnvelope(headerLength === undefined ? body : body.subarray(0, headerLength));
  const parameters = requestParameters(envelope.parameters);
  const binary = headerLength === undefined ? undefined : body.subarray(headerLength);
  const tensors = finishInputs(envelope.inputs, binary);
  return {
    id: envelope.id,
    inputs: fitInputs(tensors, signature),
    outputs: chooseOutputs(envelope.outputs, signature, parameters.binaryOutput),
    parameters,
  };
}

function readEnvelope(json: Uint8Array): Envelope {
  const cursor = new JsonCursor(json);
  const envelope: Envelope = { parameters: {}, inputs: [], outputs: [] };
  let sawInputs: boolean = false;
  cursor.object((key) => {
    switch (key) {
      case 'id': {
        const id = cursor.value() ?? undefined;
        if (id !== undefined && typeof id !== 'string') {
          throw refuse(`\`id\`: expected a string, got ${JSON.stringify(id)}`);
        }
        if (id !== undefined) envelope.id = id;
        break;
      }
      case 'parameters':
        envelope.parameters = readParameters(cursor, 'the request');
        break;
      case 'inputs':
        if (isNull(cursor)) break;
        sawInputs = true;
        envelope.inputs = [];
        cursor.array((index) => envelope.inputs.push(readInput(cursor, index)));
        break;
      case 'outputs':
        if (isNull(cursor)) break;
        envelope.outputs = [];
        cursor.array((index) => envelope.outputs.push(readOutput(cursor, index)));
        break;
      default:
        cursor.value();
    }
  });
  cursor.end();
  if (!sawInputs) throw refuse('`inputs`: expected an array of tensors, got none');
  return envelope;
}

function readInput(cursor: JsonCursor, index: number): InputDraft {
  const draft: InputDraft = { parameters: {} };
  let where = `input ${index}`;
  cursor.object((key) => {
    switch (key) {
      case 'name': {
        const name = cursor.value();
        if (typeof name !== 'string') throw refuse(`${where}: \`name\`: expected a string`);
        draft.name = name;
        where = `input \`${name}\``;
        break;
      }
      case 'datatype':
        draft.datatype = parseDatatype(cursor.value(), where);
        break;
      case 'shape':
        draft.shape = parseShape(cursor.value(), where);
        break;
      case 'parameters':
        draft.parameters = readParameters(cursor, where);
        break;
      case 'data':
        delete draft.tensor;
        delete draft.dataAt;
        if (isNull(cursor)) break;
        draft.dataAt = cursor.position;
        if (draft.name !== undefined && draft.datatype && draft.shape) readTensor(cursor, draft);
        else cursor.skip();
        break;
      default:
        cursor.value();
    }
  });
  if (draft.name === undefined) throw refuse(`${where}: \`name\` is missing`);
  if (!draft.datatype) throw refuse(`${where}: \`datatype\` is missing`);
  if (!draft.shape) throw refuse(`${where}: \`shape\` is missing`);
  if (draft.dataAt !== undefined && !isCurrent(draft)) {
    const late = new JsonCursor(cursor.bytes);
    late.position = draft.dataAt;
    late.depth = 3; // the document, `inputs`, and this input
    readTensor(late, draft);
  }
  return draft;
}

/** Whether the tensor was read with the members as they stand at the end (a member may repeat). */
function isCurrent({ tensor, name, datatype, shape }: InputDraft): boolean {
  return tensor?.name === name && tensor?.datatype === datatype && tensor?.shape === shape;
}

function readTensor(cursor: JsonCursor, draft: InputDraft): void {
  const { name = '', datatype = 'FP32', shape = [] } = draft;
  const data = readData(cursor, { where: `input \`${name}\``, datatype, shape });
  draft.tensor = { name, datatype, shape, data };
}

function readOutput(cursor: JsonCursor, index: number): Envelope['outputs'][number] {
  let name: string | undefined;
  let parameters: Parameters = {};
  cursor.object((key) => {
    if (key === 'parameters') {
      parameters = readParameters(cursor, `output ${index}`);
      return;
    }
    const value = cursor.value();
    if (key !== 'name') return;
    if (typeof value !== 'string') throw refuse(`output ${index}: \`name\`: expected a string`);
    name = value;
  });
  if (name === undefined) throw refuse(`output ${index}: \`name\` is missing`);
  return { name, parameters };
}

function finishInputs(drafts: readonly InputDraft[], binary: Uint8Array | undefined): Tensor[] {
  let offset = 0;
  const tensors = drafts.map(({ name = '', datatype = 'FP32', shape = [], parameters, tensor }) => {
    const where = `input \`${name}\``;
    const size = parameters['binary_data_size'];
    if (size === undefined) {
      if (!tensor) throw refuse(`${where}: expected \`data\` or the parameter binary_data_size`);
      return tensor;
    }
    if (tensor) throw refuse(`${where}: has both \`data\` and the parameter binary_data_size`);
    if (!Number.isSafeInteger(size) || (size as number) < 0) {
      throw refuse(
        `${where}: binary_data_size: expected a count of bytes, got ${JSON.stringify(size)}`,
      );
    }
    const end = offset + (size as number);
    const available = (binary?.byteLength ?? 0) - offset;
    if ((size as number) > available) {
      throw refuse(
        `${where}: binary_data_size is ${size as number}, but ${available} bytes are left${binary ? '' : ' (the request has no Inference-Header-Content-Length)'}`,
      );
    }
    const bytes = binary?.subarray(offset, end) ?? new Uint8Array(0);
    offset = end;
    return readBinaryTensor(bytes, { name, datatype, shape });
  });
  if (binary && offset !== binary.byteLength) {
    throw refuse(`the body has ${binary.byteLength - offset} bytes more than its inputs say`);
  }
  return tensors;
}

/** Checks the tensors against the signature and puts them in its order. */
function fitInputs(tensors: readonly Tensor[], signature: Signature): Tensor[] {
  const byName = new Map<string, Tensor>();
  for (const tensor of tensors) {
    const spec = signature.inputs.find(({ name }) => name === tensor.name);
    if (!spec) {
      throw refuse(
        `input \`${tensor.name}\`: the model has none of this name; ${listed(signature.inputs)}`,
      );
    }
    if (byName.has(tensor.name)) throw refuse(`input \`${tensor.name}\` is given twice`);
    if (tensor.datatype !== spec.datatype || !shapeFits(tensor.shape, spec.shape)) {
      throw refuse(`input \`${tensor.name}\`: expected ${typeText(spec)}, got ${typeText(tensor)}`);
    }
    byName.set(tensor.name, tensor);
  }
  return signature.inputs.map((spec) => {
    const tensor = byName.get(spec.name);
    if (!tensor) throw refuse(`input \`${spec.name}\` is missing: expected ${typeText(spec)}`);
    return tensor;
  });
}

function chooseOutputs(
  asked: Envelope['outputs'],
  signature: Signature,
  binaryByDefault: boolean,
): RequestedOutput[] {
  const seen = new Set<string>();
  for (const { name, parameters } of asked) {
    if (!signature.outputs.some((spec) => spec.name === name)) {
      throw refuse(
        `output \`${name}\`: the model has none of this name; ${listed(signature.outputs)}`,
      );
    }
    if (seen.has(name)) throw refuse(`output \`${name}\` is asked for twice`);
    seen.add(name);
    const binary = parameters['binary_data'];
    if (binary !== undefined && typeof binary !== 'boolean') {
      throw refuse(`output \`${name}\`: binary_data: expected true or false`);
    }
  }
  return asked.length === 0
    ? signature.outputs.map(({ name }) => ({ name, binary: binaryByDefault }))
    : asked.map(({ name, parameters }) => ({
        name,
        binary: (parameters['binary_data'] as boolean | undefined) ?? binaryByDefault,
      }));
}

function parseDatatype(value: unknown, where: string): Datatype {
  const found = DATATYPES.find((datatype) => datatype === value);
  if (!found) {
    throw refuse(
      `${where}: \`datatype\`: expected one of ${DATATYPES.join(', ')}; got ${JSON.stringify(value)}`,
    );
  }
  return found;
}

function listed(specs: readonly TensorSpec[]): string {
  const names = specs.slice(0, 20).map(({ name }) => `\`${name}\``);
  return `it has ${names.join(', ')}${specs.length > 20 ? ', …' : ''}`;
}

/** Consumes a null, which means absent. */
function isNull(cursor: JsonCursor): boolean {
  if (cursor.peek() !== 0x6e) return false;
  cursor.value();
  return true;
}

function refuse(detail: string): ServingError {
  return new ServingError({ kind: 'malformed', detail });
}
