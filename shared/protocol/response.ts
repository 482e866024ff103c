import { ServingError } from '../errors.ts';
import { binaryOf } from './binary.ts';
import { float16ToNumber } from './float16.ts';
import type { Tensor } from './tensor.ts';

/** Beyond this the text would pass a JavaScript string's longest length. */
const MAX_JSON_ELEMENTS = 20_000_000;

/** An answer's tensors, and how each is to be written. */
export interface InferResponse {
  readonly modelName: string;
  readonly modelVersion: number;
  readonly id: string | undefined;
  readonly outputs: readonly { readonly tensor: Tensor; readonly binary: boolean }[];
}

/** The body, and its JSON header's length when any output is binary. */
export interface EncodedResponse {
  readonly body: Uint8Array;
  readonly headerLength: number | undefined;
}

/**
 * Encodes an answer: JSON, or a JSON header and the binary tensors behind it in `outputs` order.
 * @throws ServingError `malformed` when an output is too large to write as JSON
 */
export function encodeResponse(response: InferResponse): EncodedResponse {
  for (const { tensor, binary } of response.outputs) {
    if (!binary && tensor.data.length > MAX_JSON_ELEMENTS) {
      throw new ServingError({
        kind: 'malformed',
        detail: `output \`${tensor.name}\`: ${tensor.data.length} elements are too many for JSON (at most ${MAX_JSON_ELEMENTS}): ask for it with binary_data: true`,
      });
    }
  }
  const binaries: Uint8Array[] = [];
  const outputs = response.outputs.map(({ tensor, binary }) => {
    const head = `{"name":${JSON.stringify(tensor.name)},"datatype":"${tensor.datatype}","shape":[${tensor.shape.join(',')}]`;
    if (!binary) return `${head},"data":${dataText(tensor)}}`;
    const bytes = binaryOf(tensor);
    binaries.push(bytes);
    return `${head},"parameters":{"binary_data_size":${bytes.byteLength}}}`;
  });
  const id = response.id === undefined ? '' : `"id":${JSON.stringify(response.id)},`;
  const json = Buffer.from(
    `{${id}"model_name":${JSON.stringify(response.modelName)},"model_version":"${response.modelVersion}","outputs":[${outputs.join(',')}]}`,
  );
  const total = binaries.reduce((bytes, { byteLength }) => bytes + byteLength, json.byteLength);
  // An ArrayBuffer of its own: it is moved between threads, and a pooled one can't be.
  const body = new Uint8Array(total);
  body.set(json, 0);
  let offset = json.byteLength;
  for (const bytes of binaries) {
    body.set(bytes, offset);
    offset += bytes.byteLength;
  }
  return {
    body,
    headerLength: response.outputs.some(({ binary }) => binary) ? json.byteLength : undefined,
  };
}

/** The data as flat JSON; NaN and the infinities are the tokens that Triton writes. */
function dataText({ datatype, data }: Tensor): string {
  switch (datatype) {
    case 'BYTES':
      return JSON.stringify(data);
    case 'BOOL':
      return `[${Array.from(data as Uint8Array, (bit) => (bit ? 'true' : 'false')).join(',')}]`;
    case 'FP16':
      return `[${Array.from(data as Uint16Array, (bits) => numberText(float16ToNumber(bits))).join(',')}]`;
    case 'FP32':
    case 'FP64': {
      const floats = data as Float32Array | Float64Array;
      // join() writes -0 as 0.
      const text = floats.some((value) => Object.is(value, -0))
        ? Array.from(floats, numberText).join(',')
        : floats.join(',');
      return `[${text}]`;
    }
    default:
      return `[${(data as Int32Array).join(',')}]`;
  }
}

function numberText(value: number): string {
  return Object.is(value, -0) ? '-0' : String(value);
}
