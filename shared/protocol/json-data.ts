import { ServingError } from '../errors.ts';
import { CLOSE_BRACKET, COMMA, LOWER_N, OPEN_BRACKET, QUOTE } from './ascii.ts';
import { allocate, type FixedDatatype, SMALL_INTEGER_RANGE } from './datatypes.ts';
import { numberToFloat16 } from './float16.ts';
import type { JsonCursor } from './json-cursor.ts';
import { readInteger64, readNumber } from './json-number.ts';
import { elementCount } from './shape.ts';
import type { Datatype, TensorData } from './tensor.ts';

/** What the data must become; `where` begins every refusal. */
export interface DataTarget {
  readonly where: string;
  readonly datatype: Datatype;
  readonly shape: readonly number[];
}

/**
 * Reads a tensor's `data` (flat, nested row-major, or one bare value for rank 0) at the cursor,
 * straight into an array of the target's type. @throws ServingError `malformed`
 */
export function readData(cursor: JsonCursor, target: DataTarget): TensorData {
  const { datatype, shape, where } = target;
  const count = elementCount(shape);
  // An element takes two bytes at least: a hostile shape is refused before anything is allocated.
  if (count > (cursor.bytes.length - cursor.position + 1) / 2) {
    throw countMismatch(target, 'fewer');
  }
  const { data, read } = elementReader(cursor, datatype, count, where);
  const filled = readNested(cursor, target, count, read);
  if (filled !== count) throw countMismatch(target, String(filled));
  return data;
}

type ReadElement = (index: number) => void;

function elementReader(
  cursor: JsonCursor,
  datatype: Datatype,
  count: number,
  where: string,
): { data: TensorData; read: ReadElement } {
  const refuse = (index: number, expected: string, start: number): ServingError =>
    malformed(
      `${where}: element ${index}: expected ${expected}, got ${cursor.ascii(start, Math.min(cursor.position, start + 40))}`,
    );
  if (datatype === 'BYTES') {
    const data = new Array<string>(count).fill('');
    return {
      data,
      read: (index) => {
        if (cursor.peek() !== QUOTE) cursor.fail(`a string for ${where}`);
        const text = cursor.string();
        if (text.includes('\0')) {
          throw malformed(
            `${where}: element ${index}: BYTES must not hold NUL: the runtime cuts strings there`,
          );
        }
        data[index] = text;
      },
    };
  }
  if (datatype === 'BOOL') {
    const data = allocate('BOOL', count);
    return {
      data,
      read: (index) => {
        const start = cursor.position;
        const value = readLiteral(cursor);
        if (value === undefined) cursor.fail(`true or false for ${where}`);
        if (value === null) throw refuse(index, 'true or false', start);
        data[index] = value ? 1 : 0;
      },
    };
  }
  if (datatype === 'INT64' || datatype === 'UINT64') {
    const data = allocate(datatype, count);
    const signed = datatype === 'INT64';
    return {
      data,
      read: (index) => {
        const start = cursor.position;
        const value = readInteger64(cursor, where);
        if (value === undefined || BigInt[signed ? 'asIntN' : 'asUintN'](64, value) !== value) {
          throw refuse(index, `an integer of ${datatype}`, start);
        }
        data[index] = value;
      },
    };
  }
  return numberReader(cursor, datatype, count, { where, refuse });
}

function numberReader(
  cursor: JsonCursor,
  datatype: FixedDatatype,
  count: number,
  {
    where,
    refuse,
  }: { where: string; refuse: (index: number, expected: string, start: number) => ServingError },
): { data: TensorData; read: ReadElement } {
  const data = allocate(datatype, count) as Float64Array | Float32Array | Int32Array;
  const range = SMALL_INTEGER_RANGE[datatype];
  if (range) {
    const [least, most] = range;
    return {
      data,
      read: (index) => {
        const start = cursor.position;
        const value = readNumber(cursor, where);
        if (!(value >= least && value <= most && Number.isInteger(value))) {
          throw refuse(index, `an integer from ${least} to ${most} (${datatype})`, start);
        }
        data[index] = value;
      },
    };
  }
  const isInfinite: (value: number) => boolean =
    datatype === 'FP16'
      ? (value) => (numberToFloat16(value) & 0x7fff) === 0x7c00
      : datatype === 'FP32'
        ? (value) => Math.abs(Math.fround(value)) === Infinity
        : (value) => Math.abs(value) === Infinity;
  return {
    data,
    read: (index) => {
      const start = cursor.position;
      const value = readNumber(cursor, where);
      // The token Infinity is a value; a number that only rounds to it is not.
      if (isInfinite(value) && !cursor.ascii(start, cursor.position).endsWith('y')) {
        throw refuse(index, `a number within ${datatype}`, start);
      }
      data[index] = datatype === 'FP16' ? numberToFloat16(value) : value;
    },
  };
}

/**
 * Feeds every element to `read`, in order, and answers how many there were. Nested arrays must hold
 * their elements at one depth; nested as deep as the rank, each must have its dimension's length.
 */
function readNested(
  cursor: JsonCursor,
  target: DataTarget,
  count: number,
  read: ReadElement,
): number {
  const { shape, where } = target;
  let filled = 0;
  const element = (): void => {
    if (filled >= count) throw countMismatch(target, 'more');
    read(filled++);
  };
  if (cursor.peek() !== OPEN_BRACKET) {
    if (shape.length > 0) cursor.fail(`an array for ${where}`);
    element();
    return filled;
  }
  let leafDepth: number | undefined;
  const lengths: number[][] = shape.map(() => []);
  const level = (depth: number): void => {
    let length = 0;
    cursor.array(() => {
      length++;
      const next = cursor.peek();
      if (next === OPEN_BRACKET) {
        if (leafDepth !== undefined && depth >= leafDepth) throw ragged(where);
        level(depth + 1);
        return;
      }
      leafDepth ??= depth;
      if (depth !== leafDepth) throw ragged(where);
      if (next === LOWER_N) throw malformed(`${where}: element ${filled}: null is not a value`);
      element();
      // The rest of a flat run needs no recursion.
      while (cursor.peek() === COMMA) {
        cursor.position++;
        if (cursor.peek() === OPEN_BRACKET) throw ragged(where);
        if (cursor.peek() === LOWER_N) {
          throw malformed(`${where}: element ${filled}: null is not a value`);
        }
        element();
        length++;
      }
      if (cursor.peek() !== CLOSE_BRACKET) cursor.fail('"," or "]"');
    });
    const seen = lengths[depth];
    if (seen && seen[0] !== length) seen.push(length);
  };
  level(0);
  if (leafDepth === shape.length - 1 && leafDepth > 0) {
    for (const [depth, seen] of lengths.entries()) {
      if (seen.length !== 1 || seen[0] !== shape[depth]) {
        throw malformed(
          `${where}: \`data\`: nested arrays don't fit shape [${shape.join(',')}]: at depth ${depth} expected length ${shape[depth] ?? 0}, got ${seen.join(' and ')}`,
        );
      }
    }
  }
  return filled;
}

/** true, false, null; undefined when something else stands there. */
function readLiteral(cursor: JsonCursor): boolean | null | undefined {
  for (const [text, value] of [
    ['true', true],
    ['false', false],
    ['null', null],
  ] as const) {
    if (cursor.ascii(cursor.position, cursor.position + text.length) === text) {
      cursor.position += text.length;
      return value;
    }
  }
  return undefined;
}

function ragged(where: string): ServingError {
  return malformed(`${where}: \`data\`: values and arrays are mixed at one depth`);
}

function countMismatch({ where, shape }: DataTarget, got: string): ServingError {
  return malformed(
    `${where}: shape [${shape.join(',')}] needs ${elementCount(shape)} elements, \`data\` holds ${got}`,
  );
}

function malformed(detail: string): ServingError {
  return new ServingError({ kind: 'malformed', detail });
}
