import { isUtf8 } from 'node:buffer';
import { ServingError } from '../errors.ts';
import { BACKSLASH, LOWER_N, OPEN_BRACE, OPEN_BRACKET } from '../protocol/ascii.ts';
import { JsonCursor } from '../protocol/json-cursor.ts';
import { MemberCells, memberError } from './jsonl-members.ts';
import { quoted, type Records } from './records.ts';
import { type InputColumns, placesOf, type RowTable } from './row-table.ts';

const LF = 0x0a;
const NONE = -1;

/** What a member is good for. */
interface Target {
  readonly kind: 'cell' | 'input' | 'keep';
  /** The first cell it fills. */
  readonly place: number;
  readonly input: InputColumns;
  readonly cells: number;
}

/**
 * The records of a piece of JSON lines: objects whose members are named as the table's inputs, with
 * values or arrays (flat, or nested as the input's dimensions); or as an Open Inference request names
 * them, in `inputs: [{name, data}]`. White space alone is no record. Numbers are left as the text they
 * are, so that 64-bit integers stay exact.
 */
export class JsonlRecords implements Records {
  problem: string | undefined;
  line = 0;
  start = 0;
  end = 0;
  lines = 0;
  readonly #source: Buffer;
  readonly #targets = new Map<string, Target[]>();
  readonly #besides: ReadonlySet<string> | undefined;
  readonly #only: InputColumns | undefined;
  readonly #isUtf8: boolean;
  readonly #hasEscapes: boolean;
  readonly #members: MemberCells;
  #at = 0;
  /** For `besides`: how many cells were filled by members of any name. */
  #filled = 0;
  /** For `besides`: whether the input's own member was there already. */
  #hasOwn = false;

  constructor(source: Buffer, table: RowTable) {
    this.#source = source;
    this.#isUtf8 = isUtf8(source);
    this.#hasEscapes = source.includes(BACKSLASH);
    const places = placesOf(table);
    this.#members = new MemberCells(places.cells);
    for (const [index, input] of table.inputs.entries()) {
      const from = places.inputs[index] as Int32Array;
      const names = input.cells as readonly string[];
      const kind = names.length === 1 ? 'input' : 'cell';
      for (const [offset, name] of names.entries()) {
        this.#aim(name, { kind, place: (from[0] ?? 0) + offset, input, cells: from.length });
      }
    }
    for (const [index, name] of (table.keep as readonly string[]).entries()) {
      const [input] = table.inputs;
      if (!input) continue;
      this.#aim(name, { kind: 'keep', place: places.keep[index] as number, input, cells: 1 });
    }
    this.#besides = table.besides && new Set(table.besides);
    this.#only = table.besides && table.inputs[0];
    if (source[0] === 0xef && source[1] === 0xbb && source[2] === 0xbf) this.#at = 3;
  }

  get bytes(): Buffer {
    return this.#members.bytes;
  }

  get cells(): Int32Array {
    return this.#members.cells;
  }

  next(): boolean {
    const source = this.#source;
    while (this.#at < source.length) {
      const found = source.indexOf(LF, this.#at);
      const end = found < 0 ? source.length : found;
      this.line = this.lines++;
      this.start = this.#at;
      this.end = end > this.start && source[end - 1] === 0x0d ? end - 1 : end;
      this.#at = end + 1;
      if (this.#isBlank()) continue;
      this.#record();
      return true;
    }
    return false;
  }

  #aim(name: string, target: Target): void {
    const targets = this.#targets.get(name);
    if (targets) targets.push(target);
    else this.#targets.set(name, [target]);
  }

  #isBlank(): boolean {
    for (let at = this.start; at < this.end; at++) {
      if ((this.#source[at] as number) > 0x20) return false;
    }
    return true;
  }

  #record(): void {
    const line = this.#source.subarray(this.start, this.end);
    this.problem = undefined;
    this.#filled = 0;
    this.#hasOwn = false;
    this.#members.begin(line, this.#hasEscapes && line.includes(BACKSLASH));
    try {
      if (!this.#isUtf8 && !isUtf8(line)) throw memberError('expected text in UTF-8');
      this.#object(new JsonCursor(line));
    } catch (error) {
      if (!(error instanceof ServingError)) throw error;
      this.problem = error.message
        .replace(/^the body is not JSON as expected: /, 'not a JSON object: ')
        .replace(/^the body is not JSON/, 'not JSON');
    }
  }

  #object(cursor: JsonCursor): void {
    if (cursor.peek() !== OPEN_BRACE) cursor.fail('an object');
    for (let more = cursor.enterObject(); more; more = cursor.nextMember()) {
      const name = cursor.key();
      const targets = this.#targets.get(name);
      if (targets) this.#fill(cursor, name, targets);
      else if (name === 'inputs' && cursor.peek() === OPEN_BRACKET) this.#tensors(cursor);
      else this.#pass(cursor, name);
    }
    cursor.end();
  }

  /** A member that nobody named. */
  #pass(cursor: JsonCursor, name: string): void {
    const input = this.#only;
    if (input && !this.#besides?.has(name)) {
      const first = cursor.peek();
      if (first !== OPEN_BRACKET && first !== OPEN_BRACE) {
        const [target] = this.#targets.get(input.name) ?? [];
        if (target && this.#filled < target.cells && !this.#hasOwn) {
          this.#members.scalar(cursor, name, target.place + this.#filled++, input.datatype);
          return;
        }
      }
    }
    cursor.skip();
  }

  /** The inputs of an Open Inference request: what each is called, and its data. */
  #tensors(cursor: JsonCursor): void {
    for (let more = cursor.enterArray(); more; more = cursor.nextElement()) {
      let name: string | undefined;
      let data = NONE;
      for (let member = cursor.enterObject(); member; member = cursor.nextMember()) {
        const key = cursor.key();
        if (key === 'name') name = cursor.string();
        else {
          if (cursor.peek() !== -1 && key === 'data') data = cursor.position;
          cursor.skip();
        }
      }
      if (name === undefined || data === NONE)
        throw memberError('`inputs`: expected `name` and `data`');
      const targets = this.#targets.get(name)?.filter(({ kind }) => kind === 'input');
      if (!targets?.length)
        throw memberError(`\`inputs\`: the model takes no input ${quoted(name)}`);
      const behind = cursor.position;
      cursor.position = data;
      this.#fill(cursor, name, targets);
      cursor.position = behind;
    }
  }

  #fill(cursor: JsonCursor, name: string, targets: readonly Target[]): void {
    cursor.peek();
    const from = cursor.position;
    for (const target of targets) {
      cursor.position = from;
      const { kind, place, input, cells } = target;
      if (kind === 'input') this.#hasOwn = true;
      if (kind === 'keep') this.#members.keep(cursor, name, place);
      else if (kind === 'input' && cursor.peek() === OPEN_BRACKET)
        this.#members.array(cursor, name, target);
      else if (kind === 'cell' || cells === 1 || cursor.peek() === LOWER_N) {
        this.#members.scalar(cursor, name, place, input.datatype);
      } else cursor.fail(`an array of ${cells} for ${JSON.stringify(name)}`);
    }
  }
}
