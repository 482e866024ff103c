import { ServingError } from '../errors.ts';
import { QUOTE } from './ascii.ts';
import type { ElementSink, ElementsWanted } from './element-sink.ts';
import type { JsonCursor } from './json-cursor.ts';

/** BYTES: strings without NUL. */
export class TextSink implements ElementSink {
  readonly data: string[];
  readonly #cursor: JsonCursor;
  readonly #where: string;

  constructor(cursor: JsonCursor, { where, count }: ElementsWanted) {
    this.data = new Array<string>(count).fill('');
    this.#cursor = cursor;
    this.#where = where;
  }

  one(index: number): void {
    if (this.#cursor.peek() !== QUOTE) this.#cursor.fail(`a string for ${this.#where}`);
    const text = this.#cursor.string();
    if (text.includes('\0')) {
      throw malformed(
        `${this.#where}: element ${index}: BYTES must not hold NUL: the runtime cuts strings there`,
      );
    }
    this.data[index] = text;
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
