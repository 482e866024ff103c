import { ServingError } from '../errors.ts';
import { readBinaryTensor } from './binary.ts';
import { type InputDraft, type OutputDraft, readEnvelope } from './envelope.ts';
import type { InferRequest, RequestedOutput } from './infer-request.ts';
import { requestParameters } from './parameters.ts';
import { readRawRequest } from './raw.ts';
import { shapeFits, typeText } from './shape.ts';
import type { Signature, Tensor, TensorSpec } from './tensor.ts';

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

function finishInputs(drafts: readonly InputDraft[], binary: Uint8Array | undefined): Tensor[] {
  let offset = 0;
  const tensors: Tensor[] = [];
  for (const draft of drafts) {
    const size = draft.parameters['binary_data_size'];
    if (size === undefined) {
      if (!draft.tensor) {
        throw refuse(`${whereOf(draft)}: expected \`data\` or the parameter binary_data_size`);
      }
      tensors.push(draft.tensor);
    } else {
      const bytes = binaryPart(draft, size, { binary, offset });
      offset += bytes.byteLength;
      const { name = '', datatype = 'FP32', shape = [] } = draft;
      tensors.push(readBinaryTensor(bytes, { name, datatype, shape }));
    }
  }
  if (binary && offset !== binary.byteLength) {
    throw refuse(`the body has ${binary.byteLength - offset} bytes more than its inputs say`);
  }
  return tensors;
}

/** The bytes behind the JSON that are this input's. */
function binaryPart(
  draft: InputDraft,
  size: unknown,
  { binary, offset }: { binary: Uint8Array | undefined; offset: number },
): Uint8Array {
  if (draft.tensor) {
    throw refuse(`${whereOf(draft)}: has both \`data\` and the parameter binary_data_size`);
  }
  if (typeof size !== 'number' || !Number.isSafeInteger(size) || size < 0) {
    throw refuse(
      `${whereOf(draft)}: binary_data_size: expected a count of bytes, got ${JSON.stringify(size)}`,
    );
  }
  const available = (binary?.byteLength ?? 0) - offset;
  if (size > available) {
    throw refuse(
      `${whereOf(draft)}: binary_data_size is ${size}, but ${available} bytes are left${binary ? '' : ' (the request has no Inference-Header-Content-Length)'}`,
    );
  }
  return binary?.subarray(offset, offset + size) ?? new Uint8Array(0);
}

function whereOf({ name = '' }: InputDraft): string {
  return `input \`${name}\``;
}

/** Checks the tensors against the signature and puts them in its order. */
function fitInputs(tensors: readonly Tensor[], signature: Signature): Tensor[] {
  const { inputs } = signature;
  const fitted: (Tensor | undefined)[] = inputs.map(() => undefined);
  for (let place = 0; place < tensors.length; place++) {
    const tensor = tensors[place] as Tensor;
    // Most callers send the inputs in the signature's order.
    const at =
      inputs[place]?.name === tensor.name
        ? place
        : inputs.findIndex(({ name }) => name === tensor.name);
    const spec = inputs[at];
    if (!spec) {
      throw refuse(`input \`${tensor.name}\`: the model has none of this name; ${listed(inputs)}`);
    }
    if (fitted[at]) throw refuse(`input \`${tensor.name}\` is given twice`);
    if (tensor.datatype !== spec.datatype || !shapeFits(tensor.shape, spec.shape)) {
      throw refuse(`input \`${tensor.name}\`: expected ${typeText(spec)}, got ${typeText(tensor)}`);
    }
    fitted[at] = tensor;
  }
  return fitted.map((tensor, at) => tensor ?? missing(inputs[at] as TensorSpec));
}

function missing(spec: TensorSpec): never {
  throw refuse(`input \`${spec.name}\` is missing: expected ${typeText(spec)}`);
}

function chooseOutputs(
  asked: readonly OutputDraft[],
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

function listed(specs: readonly TensorSpec[]): string {
  const names = specs.slice(0, 20).map(({ name }) => `\`${name}\``);
  return `it has ${names.join(', ')}${specs.length > 20 ? ', …' : ''}`;
}

function refuse(detail: string): ServingError {
  return new ServingError({ kind: 'malformed', detail });
}
