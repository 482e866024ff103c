import { ServingError } from '../errors.ts';
import { binaryOf } from './binary.ts';
import { ByteWriter } from './byte-writer.ts';
import { writeData } from './data-text.ts';
import type { Tensor } from './tensor.ts';

/** Beyond this the text would be several hundred megabytes. */
const MAX_JSON_ELEMENTS = 20_000_000;

/** A thread writes one answer at a time. */
const writer = new ByteWriter();

/** An answer's tensors, and how each is to be written. */
export interface InferResponse {
  readonly modelName: string;
  readonly modelVersion: number;
  readonly id: string | undefined;
  readonly outputs: readonly { readonly tensor: Tensor; readonly binary: boolean }[];
}

/** Makes room for this many bytes; what stands in it is overwritten. */
export type Allocate = (bytes: number) => Uint8Array;

/** The body, and its JSON header's length when any output is binary. */
export interface EncodedResponse {
  readonly body: Uint8Array;
  readonly headerLength: number | undefined;
}

/**
 * Encodes an answer into what `allocate` gives: JSON, or a JSON header and the binary tensors behind
 * it in `outputs` order.
 * @throws ServingError `malformed` when an output is too large to write as JSON
 */
export function encodeResponse(
  response: InferResponse,
  allocate: Allocate = (bytes) => new Uint8Array(bytes),
): EncodedResponse {
  const { outputs } = response;
  for (const { tensor, binary } of outputs) {
    if (!binary && tensor.data.length > MAX_JSON_ELEMENTS) {
      throw new ServingError({
        kind: 'malformed',
        detail: `output \`${tensor.name}\`: ${tensor.data.length} elements are too many for JSON (at most ${MAX_JSON_ELEMENTS}): ask for it with binary_data: true`,
      });
    }
  }
  writer.reset();
  const binaries = writeJson(response);
  const headerBytes = writer.length;
  let total = headerBytes;
  for (const { byteLength } of binaries) total += byteLength;
  const body = allocate(total);
  body.set(writer.bytes.subarray(0, headerBytes));
  let offset = headerBytes;
  for (const bytes of binaries) {
    body.set(bytes, offset);
    offset += bytes.byteLength;
  }
  return { body, headerLength: binaries.length > 0 ? headerBytes : undefined };
}

/** Writes the JSON into `writer`; answers what stands behind it. */
function writeJson({ modelName, modelVersion, id, outputs }: InferResponse): Uint8Array[] {
  const binaries: Uint8Array[] = [];
  // Text is collected while no number comes between.
  let text = `{${id === undefined ? '' : `"id":${quoted(id)},`}"model_name":${quoted(modelName)},"model_version":"${modelVersion}","outputs":[`;
  let comma = '';
  for (const { tensor, binary } of outputs) {
    const { name, datatype, shape } = tensor;
    text += `${comma}{"name":${quoted(name)},"datatype":"${datatype}","shape":[${shapeText(shape)}],`;
    comma = ',';
    if (binary) {
      const bytes = binaryOf(tensor);
      binaries.push(bytes);
      text += `"parameters":{"binary_data_size":${bytes.byteLength}}}`;
    } else {
      writer.text(`${text}"data":`);
      writeData(writer, tensor);
      text = '}';
    }
  }
  writer.text(`${text}]}`);
  return binaries;
}

function shapeText(shape: readonly number[]): string {
  return shape.length === 1 ? String(shape[0]) : shape.join(',');
}

/** As JSON.stringify writes it. */
function quoted(text: string): string {
  return PLAIN.test(text) ? `"${text}"` : JSON.stringify(text);
}

/** Nothing in it that JSON escapes. */
const PLAIN = /^[\w .:/-]*$/;
