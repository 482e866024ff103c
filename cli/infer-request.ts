import { type Document, documentsAt, isDocument, required } from './document.ts';
import { messageOf, UsageError } from './failure.ts';

/** An input as a model's metadata tells it; -1 is a dimension of any size. */
interface Input {
  readonly name: string;
  readonly datatype: string;
  readonly shape: readonly number[];
}

/** Bytes of an element; BYTES elements have no fixed size. */
const WIDTHS: Readonly<Record<string, number>> = {
  BOOL: 1,
  UINT8: 1,
  INT8: 1,
  UINT16: 2,
  INT16: 2,
  FP16: 2,
  UINT32: 4,
  INT32: 4,
  FP32: 4,
  UINT64: 8,
  INT64: 8,
  FP64: 8,
};

/**
 * The body of an Open Inference request: `text` as it stands when it is one (an object with
 * `inputs`), else made of nested arrays, alone for a model with one input or in an object by input
 * name, to the model's `metadata`. One row may come without the array around it.
 * @throws UsageError that names the input
 */
export async function inferRequest(
  text: string,
  metadata: () => Promise<Document>,
): Promise<string> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new UsageError(`--input: expected JSON: ${messageOf(error)}`);
  }
  // As it was written: numbers beyond 2^53 stay what they are.
  if (isDocument(value) && Array.isArray(value.inputs)) return text;

  const inputs = inputsOf(await metadata());
  const values = byName(value, inputs);
  return JSON.stringify({
    inputs: inputs.map(({ name, datatype, shape }) => {
      const data = values[name];
      if (data === undefined) {
        throw new UsageError(`--input: expected a member for every input, ${name} has none`);
      }
      const rows = Array.isArray(data) ? (data as unknown[]) : [data];
      return { name, datatype, shape: shapeOf(data, { name, shape }), data: rows };
    }),
  });
}

/**
 * A request whose one tensor is `bytes`, little-endian as the binary extension has them: its JSON
 * header, which they follow. At most one dimension of the input may be dynamic.
 * @throws UsageError when the bytes don't fit
 */
export function binaryRequestHeader(bytes: number, metadata: Document): string {
  const [input, ...more] = inputsOf(metadata);
  if (!input || more.length > 0) {
    throw new UsageError(
      `--binary: expected a model with one input, this one has ${more.length + 1}`,
    );
  }
  const { name, datatype } = input;
  const width = WIDTHS[datatype];
  if (width === undefined)
    throw new UsageError(`--binary: ${datatype} elements have no fixed size`);
  const dynamic = input.shape.filter((dimension) => dimension < 0).length;
  const fixed = input.shape.reduce((all, dimension) => (dimension < 0 ? all : all * dimension), 1);
  const wanted = `${datatype} [${input.shape.join(',')}]`;
  if (dynamic > 1) {
    throw new UsageError(
      `--binary: input ${name} is ${wanted}: the shape can't be told from bytes`,
    );
  }
  const rest = bytes / (fixed * width);
  if (!Number.isInteger(rest) || (dynamic === 0 && rest !== 1)) {
    throw new UsageError(
      `--binary: input ${name} is ${wanted}: expected ${dynamic === 0 ? '' : 'a multiple of '}${fixed * width} bytes, got ${bytes}`,
    );
  }
  const shape = input.shape.map((dimension) => (dimension < 0 ? rest : dimension));
  const tensor = { name, datatype, shape, parameters: { binary_data_size: bytes } };
  return JSON.stringify({ inputs: [tensor] });
}

function inputsOf(metadata: Document): Input[] {
  return documentsAt(metadata, 'inputs').map((input) => ({
    name: required(input, 'name', 'the model'),
    datatype: required(input, 'datatype', 'the model'),
    shape: Array.isArray(input.shape) ? input.shape.map(Number) : [],
  }));
}

function byName(value: unknown, inputs: readonly Input[]): Document {
  if (isDocument(value)) {
    const unknown = Object.keys(value).find((name) => !inputs.some((input) => input.name === name));
    if (unknown === undefined) return value;
    throw new UsageError(
      `--input: ${unknown} is no input of this model; it has ${inputs.map(({ name }) => name).join(', ')}`,
    );
  }
  const [only, ...more] = inputs;
  if (only && more.length === 0) return { [only.name]: value };
  throw new UsageError(
    `--input: expected an object with a member for each input: ${inputs.map(({ name }) => name).join(', ')}`,
  );
}

/** @throws UsageError unless the nesting has the input's rank, or one less for a single row */
function shapeOf(data: unknown, input: Pick<Input, 'name' | 'shape'>): number[] {
  const found: number[] = [];
  for (let at = data; Array.isArray(at); at = (at as unknown[])[0]) found.push(at.length);
  if (found.length === input.shape.length) return found;
  if (found.length === input.shape.length - 1) return [1, ...found];
  throw new UsageError(
    `--input: input ${input.name}: expected arrays nested as [${input.shape.join(',')}], got [${found.join(',')}]`,
  );
}
