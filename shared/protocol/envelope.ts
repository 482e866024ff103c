import { ServingError } from '../errors.ts';
import { OPEN_BRACKET } from './ascii.ts';
import { JsonCursor } from './json-cursor.ts';
import { readData } from './json-data.ts';
import { NO_PARAMETERS, type Parameters, readParameters } from './parameters.ts';
import { checkShape, MAX_RANK, parseShape } from './shape.ts';
import { DATATYPES, type Datatype, type Tensor } from './tensor.ts';

/** An input as far as its members have been read; `data` is a position until its type is known. */
export interface InputDraft {
  name: string | undefined;
  datatype: Datatype | undefined;
  shape: readonly number[] | undefined;
  parameters: Parameters;
  dataAt: number | undefined;
  tensor: Tensor | undefined;
}

export interface Envelope {
  readonly id: string | undefined;
  readonly parameters: Parameters;
  readonly inputs: readonly InputDraft[];
  readonly outputs: readonly OutputDraft[];
}

export interface OutputDraft {
  readonly name: string;
  readonly parameters: Parameters;
}

/**
 * Reads a request's JSON, tensors' data included, without knowing the model.
 * @throws ServingError `malformed`
 */
export function readEnvelope(json: Uint8Array): Envelope {
  const cursor = new JsonCursor(json);
  let id: string | undefined;
  let parameters = NO_PARAMETERS;
  let inputs: InputDraft[] | undefined;
  let outputs: OutputDraft[] = [];
  for (let more = cursor.enterObject(); more; more = cursor.nextMember()) {
    switch (cursor.key()) {
      case 'id':
        id = readId(cursor);
        break;
      case 'parameters':
        parameters = readParameters(cursor, 'the request');
        break;
      case 'inputs':
        inputs = cursor.skipNull() ? undefined : readList(cursor, readInput);
        break;
      case 'outputs':
        outputs = cursor.skipNull() ? [] : readList(cursor, readOutput);
        break;
      default:
        cursor.value();
    }
  }
  cursor.end();
  if (!inputs) throw refuse('`inputs`: expected an array of tensors, got none');
  return { id, parameters, inputs, outputs };
}

function readId(cursor: JsonCursor): string | undefined {
  const id = cursor.value() ?? undefined;
  if (id !== undefined && typeof id !== 'string') {
    throw refuse(`\`id\`: expected a string, got ${JSON.stringify(id)}`);
  }
  return id;
}

function readList<T>(cursor: JsonCursor, read: (cursor: JsonCursor, index: number) => T): T[] {
  const list: T[] = [];
  for (let more = cursor.enterArray(); more; more = cursor.nextElement()) {
    list.push(read(cursor, list.length));
  }
  return list;
}

function readInput(cursor: JsonCursor, index: number): InputDraft {
  const draft: InputDraft = {
    name: undefined,
    datatype: undefined,
    shape: undefined,
    parameters: NO_PARAMETERS,
    dataAt: undefined,
    tensor: undefined,
  };
  for (let more = cursor.enterObject(); more; more = cursor.nextMember()) {
    switch (cursor.key()) {
      case 'name': {
        const name = cursor.shortText() ?? cursor.value();
        if (typeof name !== 'string') {
          throw refuse(`${whereOf(draft, index)}: \`name\`: expected a string`);
        }
        draft.name = name;
        break;
      }
      case 'datatype':
        draft.datatype = readDatatype(cursor, draft, index);
        break;
      case 'shape':
        draft.shape = readShape(cursor, draft, index);
        break;
      case 'parameters':
        draft.parameters = readParameters(cursor, whereOf(draft, index));
        break;
      case 'data':
        draft.tensor = undefined;
        draft.dataAt = undefined;
        if (cursor.skipNull()) break;
        draft.dataAt = cursor.position;
        if (!readTensor(cursor, draft)) cursor.skip();
        break;
      default:
        cursor.value();
    }
  }
  if (draft.name === undefined) throw refuse(`input ${index}: \`name\` is missing`);
  if (!draft.datatype) throw refuse(`${whereOf(draft, index)}: \`datatype\` is missing`);
  if (!draft.shape) throw refuse(`${whereOf(draft, index)}: \`shape\` is missing`);
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

/** Reads the data at the cursor if what it must become is known. */
function readTensor(cursor: JsonCursor, draft: InputDraft): boolean {
  const { name, datatype, shape } = draft;
  if (name === undefined || !datatype || !shape) return false;
  draft.tensor = { name, datatype, shape, data: readData(cursor, { name, datatype, shape }) };
  return true;
}

function readOutput(cursor: JsonCursor, index: number): OutputDraft {
  let name: string | undefined;
  let parameters = NO_PARAMETERS;
  for (let more = cursor.enterObject(); more; more = cursor.nextMember()) {
    const key = cursor.key();
    if (key === 'parameters') {
      parameters = readParameters(cursor, `output ${index}`);
      continue;
    }
    const value = cursor.shortText() ?? cursor.value();
    if (key !== 'name') continue;
    if (typeof value !== 'string') throw refuse(`output ${index}: \`name\`: expected a string`);
    name = value;
  }
  if (name === undefined) throw refuse(`output ${index}: \`name\` is missing`);
  return { name, parameters };
}

function readDatatype(cursor: JsonCursor, draft: InputDraft, index: number): Datatype {
  const value = cursor.shortText() ?? cursor.value();
  const found = DATATYPES.find((datatype) => datatype === value);
  if (!found) {
    throw refuse(
      `${whereOf(draft, index)}: \`datatype\`: expected one of ${DATATYPES.join(', ')}; got ${JSON.stringify(value)}`,
    );
  }
  return found;
}

function readShape(cursor: JsonCursor, draft: InputDraft, index: number): readonly number[] {
  if (cursor.peek() !== OPEN_BRACKET) return parseShape(cursor.value(), whereOf(draft, index));
  const start = cursor.position;
  const { depth } = cursor;
  const shape: number[] = [];
  for (let more = cursor.enterArray(); more; more = cursor.nextElement()) {
    const dimension = cursor.count();
    if (dimension === undefined || shape.length === MAX_RANK) {
      // Something else than a plain shape: read it again as a whole, to say what came.
      cursor.position = start;
      cursor.depth = depth;
      return parseShape(cursor.value(), whereOf(draft, index));
    }
    shape.push(dimension);
  }
  return checkShape(shape, whereOf(draft, index));
}

/** How refusals begin. */
function whereOf({ name }: InputDraft, index: number): string {
  return name === undefined ? `input ${index}` : `input \`${name}\``;
}

function refuse(detail: string): ServingError {
  return new ServingError({ kind: 'malformed', detail });
}
