import { ServingError } from '../errors.ts';
import { LOWER_F, LOWER_N, LOWER_T } from './ascii.ts';
import { allocate } from './datatypes.ts';
import type { ElementSink, ElementsWanted } from './element-sink.ts';
import type { JsonCursor } from './json-cursor.ts';

/** BOOL: the literals true and false as 1 and 0. */
export class BoolSink implements ElementSink {
  readonly data: Uint8Array;
  readonly #cursor: JsonCursor;
  readonly #where: string;

  constructor(cursor: JsonCursor, { where, count }: ElementsWanted) {
    this.data = allocate('BOOL', count);
    this.#cursor = cursor;
    this.#where = where;
  }

  one(index: number): void {
    const cursor = this.#cursor;
    const first = cursor.peek();
    if (first === LOWER_T && cursor.passLiteral('true')) this.data[index] = 1;
    else if (first === LOWER_F && cursor.passLiteral('false')) this.data[index] = 0;
    else if (first === LOWER_N && cursor.passLiteral('null')) {
      throw malformed(`${this.#where}: element ${index}: expected true or false, got null`);
    } else cursor.fail(`true or false for ${this.#where}`);
  }

  run(index: number): number {
    return index;
  }

  finish(): void {
    // Every element stands where it belongs.
  }
}

function malformed(detail: string): ServingError {
  return new ServingError({ kind: 'malformed', detail });
}
