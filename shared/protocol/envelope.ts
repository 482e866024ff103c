import { ServingError } from '../errors.ts';
import { LOWER_N } from './ascii.ts';
import { JsonCursor } from './json-cursor.ts';
import { readData } from './json-data.ts';
import { type Parameters, readParameters } from './parameters.ts';
import { parseShape } from './shape.ts';
import { DATATYPES, type Datatype, type Tensor } from './tensor.ts';

/** An input as far as its members have been read; `data` is a position until its type is known. */
export interface InputDraft {
  name?: string;
  datatype?: Datatype;
  shape?: readonly number[];
  parameters: Parameters;
  dataAt?: number;
  tensor?: Tensor;
}

export interface Envelope {
  id?: string;
  parameters: Parameters;
  inputs: InputDraft[];
  outputs: OutputDraft[];
}

export interface OutputDraft {
  name: string;
  parameters: Parameters;
}

/**
 * Reads a request's JSON, tensors' data included, without knowing the model.
 * @throws ServingError `malformed`
 */
export function readEnvelope(json: Uint8Array): Envelope {
  const cursor = new JsonCursor(json);
  const envelope: Partial<Envelope> = {};
  cursor.object((key) => {
    switch (key) {
      case 'id': {
        delete envelope.id;
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
        delete envelope.inputs;
        if (!isNull(cursor)) envelope.inputs = readList(cursor, readInput);
        break;
      case 'outputs':
        delete envelope.outputs;
        if (!isNull(cursor)) envelope.outputs = readList(cursor, readOutput);
        break;
      default:
        cursor.value();
    }
  });
  cursor.end();
  if (!envelope.inputs) throw refuse('`inputs`: expected an array of tensors, got none');
  return { parameters: {}, outputs: [], ...envelope, inputs: envelope.inputs };
}

function readList<T>(cursor: JsonCursor, read: (cursor: JsonCursor, index: number) => T): T[] {
  const list: T[] = [];
  cursor.array((index) => list.push(read(cursor, index)));
  return list;
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

function readOutput(cursor: JsonCursor, index: number): OutputDraft {
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

function parseDatatype(value: unknown, where: string): Datatype {
  const found = DATATYPES.find((datatype) => datatype === value);
  if (!found) {
    throw refuse(
      `${where}: \`datatype\`: expected one of ${DATATYPES.join(', ')}; got ${JSON.stringify(value)}`,
    );
  }
  return found;
}

/** Consumes a null, which means absent. */
function isNull(cursor: JsonCursor): boolean {
  if (cursor.peek() !== LOWER_N) return false;
  cursor.value();
  return true;
}

function refuse(detail: string): ServingError {
  return new ServingError({ kind: 'malformed', detail });
}
