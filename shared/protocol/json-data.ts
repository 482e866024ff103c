import { ServingError } from '../errors.ts';
import { CLOSE_BRACKET, COMMA, LOWER_N, OPEN_BRACKET } from './ascii.ts';
import { BoolSink } from './bool-sink.ts';
import type { ElementSink, ElementsWanted } from './element-sink.ts';
import type { JsonCursor } from './json-cursor.ts';
import { NumberSink } from './number-sink.ts';
import { elementCount } from './shape.ts';
import type { Datatype, TensorData } from './tensor.ts';
import { TextSink } from './text-sink.ts';

/** What the data must become. */
export interface DataTarget {
  readonly name: string;
  readonly datatype: Datatype;
  readonly shape: readonly number[];
}

/**
 * Reads a tensor's `data` (flat, nested row-major, or one bare value for rank 0) at the cursor,
 * straight into an array of the target's type. @throws ServingError `malformed`
 */
export function readData(cursor: JsonCursor, target: DataTarget): TensorData {
  const { datatype, shape, name } = target;
  const count = elementCount(shape);
  // An element takes two bytes at least: a hostile shape is refused before anything is allocated.
  if (count > (cursor.bytes.length - cursor.position + 1) / 2) {
    throw countMismatch(target, 'fewer');
  }
  const where = `input \`${name}\``;
  const sink = elementSink(cursor, datatype, { where, count });
  const reader = new DataReader(cursor, target, sink, count);
  if (cursor.peek() === OPEN_BRACKET) reader.array();
  else if (shape.length > 0) cursor.fail(`an array for ${where}`);
  else reader.element();
  if (reader.filled !== count) throw countMismatch(target, String(reader.filled));
  sink.finish();
  return sink.data;
}

function elementSink(cursor: JsonCursor, datatype: Datatype, wanted: ElementsWanted): ElementSink {
  if (datatype === 'BYTES') return new TextSink(cursor, wanted);
  if (datatype === 'BOOL') return new BoolSink(cursor, wanted);
  return new NumberSink(cursor, datatype, wanted);
}

/**
 * Feeds every element to a sink, in order. Nested arrays must hold their elements at one depth;
 * nested as deep as the rank, each must have its dimension's length.
 */
class DataReader {
  /** How many elements were read. */
  filled = 0;
  readonly #cursor: JsonCursor;
  readonly #target: DataTarget;
  readonly #sink: ElementSink;
  readonly #count: number;
  /** The depth of the arrays that hold the elements, once it is known. */
  #leafDepth: number | undefined;
  /** The lengths that were seen at each depth, each mismatch with the first listed. */
  #lengths: number[][] = [];

  constructor(cursor: JsonCursor, target: DataTarget, sink: ElementSink, count: number) {
    this.#cursor = cursor;
    this.#target = target;
    this.#sink = sink;
    this.#count = count;
  }

  /** One value. */
  element(): void {
    if (this.filled >= this.#count) throw countMismatch(this.#target, 'more');
    this.#sink.one(this.filled++);
  }

  /** An array, and all that is in it. */
  array(): void {
    this.#level(0);
    const { shape, name } = this.#target;
    if (this.#leafDepth === 0 || this.#leafDepth !== shape.length - 1) return;
    for (const [depth, seen] of this.#lengths.entries()) {
      if (seen.length !== 1 || seen[0] !== shape[depth]) {
        throw malformed(
          `input \`${name}\`: \`data\`: nested arrays don't fit shape [${shape.join(',')}]: at depth ${depth} expected length ${shape[depth] ?? 0}, got ${seen.join(' and ')}`,
        );
      }
    }
  }

  #level(depth: number): void {
    const cursor = this.#cursor;
    let length = 0;
    for (let more = cursor.enterArray(); more; more = cursor.nextElement()) {
      if (cursor.peek() === OPEN_BRACKET) {
        if (this.#leafDepth !== undefined && depth >= this.#leafDepth) throw this.#ragged();
        this.#level(depth + 1);
        length++;
      } else {
        this.#leafDepth ??= depth;
        if (depth !== this.#leafDepth) throw this.#ragged();
        length += this.#leaves();
      }
    }
    if (this.#leafDepth === 0 || depth >= this.#target.shape.length) return;
    const seen = (this.#lengths[depth] ??= []);
    if (seen[0] !== length) seen.push(length);
  }

  /** The elements up to the end of their array; how many they were. */
  #leaves(): number {
    const cursor = this.#cursor;
    const before = this.filled;
    for (;;) {
      const from = this.filled;
      this.filled = this.#sink.run(from, this.#count);
      if (this.filled === from) {
        if (cursor.peek() === LOWER_N) {
          throw malformed(`input \`${this.#target.name}\`: element ${from}: null is not a value`);
        }
        this.element();
      }
      const next = cursor.peek();
      if (next === CLOSE_BRACKET) return this.filled - before;
      if (next !== COMMA) cursor.fail('"," or "]"');
      cursor.position++;
      if (cursor.peek() === OPEN_BRACKET) throw this.#ragged();
    }
  }

  #ragged(): ServingError {
    return malformed(
      `input \`${this.#target.name}\`: \`data\`: values and arrays are mixed at one depth`,
    );
  }
}

function countMismatch({ name, shape }: DataTarget, got: string): ServingError {
  return malformed(
    `input \`${name}\`: shape [${shape.join(',')}] needs ${elementCount(shape)} elements, \`data\` holds ${got}`,
  );
}

function malformed(detail: string): ServingError {
  return new ServingError({ kind: 'malformed', detail });
}
