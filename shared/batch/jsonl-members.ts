import { ServingError } from '../errors.ts';
import { BACKSLASH, LOWER_N, OPEN_BRACE, OPEN_BRACKET, QUOTE } from '../protocol/ascii.ts';
import { ByteWriter } from '../protocol/byte-writer.ts';
import type { JsonCursor } from '../protocol/json-cursor.ts';
import type { Datatype } from '../protocol/tensor.ts';
import { quoted } from './records.ts';
import type { InputColumns } from './row-table.ts';

const NONE = -1;

/** An input that one member feeds, and where its cells stand. */
interface ArrayTarget {
  readonly place: number;
  readonly input: InputColumns;
  readonly cells: number;
}

/**
 * The values of a record's members as cells: where each lies in the line, or behind it when it had
 * to be decoded. What isn't as it must be throws ServingError `malformed`, and names the member.
 */
export class MemberCells {
  /** What `cells` points into. */
  bytes: Buffer = Buffer.alloc(0);
  /** As `Records` has them. */
  readonly cells: Int32Array;
  /** A line, and behind it its strings that held escapes. */
  readonly #decoded = new ByteWriter();
  #escaped = false;

  constructor(count: number) {
    this.cells = new Int32Array(count * 2);
  }

  /** Forgets the record before. `escaped`: strings of this line may hold escapes. */
  begin(line: Buffer, escaped: boolean): void {
    this.cells.fill(NONE);
    this.bytes = line;
    this.#escaped = escaped;
    if (!escaped) return;
    const writer = this.#decoded;
    writer.length = 0;
    writer.reserve(line.length);
    writer.bytes.set(line);
    writer.length = line.length;
    this.bytes = writer.bytes;
  }

  /** Takes the value at the cursor as it is, to be passed on. */
  keep(cursor: JsonCursor, name: string, place: number): void {
    const start = cursor.position;
    cursor.skip();
    const end = cursor.position;
    // It is passed on as it is: it must be what it seems.
    const text = this.bytes.toString('utf8', start, end);
    try {
      JSON.parse(text);
    } catch {
      throw memberError(`member ${quoted(name)}: expected a JSON value, got ${quoted(text)}`);
    }
    this.cells[place * 2] = start;
    this.cells[place * 2 + 1] = end;
  }

  /** An array's values in order; nested ones must be as the input's dimensions are. */
  array(cursor: JsonCursor, name: string, { place, input, cells }: ArrayTarget): void {
    const lengths: number[] = [];
    let filled = 0;
    const level = (depth: number): void => {
      let length = 0;
      for (let more = cursor.enterArray(); more; more = cursor.nextElement()) {
        length++;
        if (cursor.peek() === OPEN_BRACKET) level(depth + 1);
        else {
          if (filled >= cells)
            throw memberError(`member ${quoted(name)}: expected ${cells} values, got more`);
          this.scalar(cursor, name, place + filled++, input.datatype);
        }
      }
      if ((lengths[depth] ??= length) !== length) {
        throw memberError(`member ${quoted(name)}: its arrays are not of one length`);
      }
    };
    level(0);
    if (filled !== cells)
      throw memberError(`member ${quoted(name)}: expected ${cells} values, got ${filled}`);
    const dimensions = input.dimensions ?? [];
    if (lengths.length <= 1) return;
    const nested =
      lengths.length === dimensions.length + 1 && lengths[0] === 1 ? lengths.slice(1) : lengths;
    if (
      nested.length !== dimensions.length ||
      nested.some((length, axis) => length !== dimensions[axis])
    ) {
      throw memberError(
        `member ${quoted(name)}: expected a flat array, or one of [${dimensions.join(',')}], got [${lengths.join(',')}]`,
      );
    }
  }

  /** Takes the single value at the cursor, whose type must suit the datatype. */
  scalar(cursor: JsonCursor, name: string, place: number, datatype: Datatype): void {
    const first = cursor.peek();
    let start = cursor.position;
    if (first === OPEN_BRACKET || first === OPEN_BRACE) {
      throw memberError(
        `member ${quoted(name)}: expected a single value, got ${first === OPEN_BRACE ? 'an object' : 'an array'}`,
      );
    }
    cursor.skip();
    let end = cursor.position;
    const isText = first === QUOTE;
    if (first === LOWER_N && end - start === 4) {
      this.cells[place * 2] = NONE;
      return;
    }
    if (isText) {
      start++;
      end--;
      if (this.#escaped && cursor.bytes.subarray(start, end).includes(BACKSLASH)) {
        const text = cursor.parsed(start - 1, end + 1) as string;
        if (Buffer.from(text).toString() !== text) {
          throw memberError(`member ${quoted(name)}: expected text without lone surrogates`);
        }
        start = this.#decoded.length;
        this.#decoded.text(text);
        end = this.#decoded.length;
        this.bytes = this.#decoded.bytes;
      }
    }
    if (isText !== (datatype === 'BYTES') && !(isText && this.#isSpecial(datatype, start, end))) {
      const got = this.bytes.toString('utf8', start, end);
      throw memberError(
        `member ${quoted(name)}: expected ${datatype === 'BYTES' ? 'a string' : `a value of ${datatype}`}, got ${isText ? quoted(JSON.stringify(got)) : quoted(got)}`,
      );
    }
    this.cells[place * 2] = start;
    this.cells[place * 2 + 1] = end;
  }

  /** What JSON has no numbers for, as the output writes it. */
  #isSpecial(datatype: Datatype, start: number, end: number): boolean {
    return (
      datatype.startsWith('FP') &&
      /^(?:NaN|-?Infinity)$/.test(this.bytes.toString('latin1', start, end))
    );
  }
}

/** A record that is not what it must be. */
export function memberError(detail: string): ServingError {
  return new ServingError({ kind: 'malformed', detail });
}
