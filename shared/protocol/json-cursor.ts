import {
  CLOSE_BRACE,
  CLOSE_BRACKET,
  COLON,
  COMMA,
  LOWER_N,
  OPEN_BRACE,
  OPEN_BRACKET,
  QUOTE,
} from './ascii.ts';
import { JsonTokens } from './json-tokens.ts';

/** JSON deeper than this is refused, counted from the document's root. */
const MAX_DEPTH = 100;

/**
 * Walks over JSON text as bytes, so that a tensor's data can be read straight into its typed array
 * without a JavaScript object for each number, and 64-bit integers stay exact.
 *
 *     for (let more = cursor.enterArray(); more; more = cursor.nextElement()) cursor.skip();
 */
export class JsonCursor extends JsonTokens {
  depth = 0;

  /** Steps into an object. Whether it has a member, whose `key()` comes next; `{}` is passed. */
  enterObject(): boolean {
    return this.#enter(OPEN_BRACE, CLOSE_BRACE, 'an object');
  }

  /** A member's name; behind it stands the value, which must be consumed. */
  key(): string {
    if (this.peek() !== QUOTE) this.fail('a member name in double quotes');
    const key = this.shortText() ?? this.string();
    if (this.peek() !== COLON) this.fail('":"');
    this.position++;
    return key;
  }

  /** Behind a member's value: whether another follows; if not, the object is left. */
  nextMember(): boolean {
    return this.#next(CLOSE_BRACE, '"," or "}"');
  }

  /** Steps into an array. Whether it has an element, which comes next; `[]` is passed. */
  enterArray(): boolean {
    return this.#enter(OPEN_BRACKET, CLOSE_BRACKET, 'an array');
  }

  /** Behind an element: whether another follows; if not, the array is left. */
  nextElement(): boolean {
    return this.#next(CLOSE_BRACKET, '"," or "]"');
  }

  /** Passes a null, which means absent. */
  skipNull(): boolean {
    if (this.peek() !== LOWER_N) return false;
    this.value();
    return true;
  }

  /** Any value by JSON.parse: for the small ones whose meaning the caller checks. */
  value(): unknown {
    const start = this.peek() === -1 ? this.fail('a value') : this.position;
    this.skip();
    return this.parsed(start, this.position);
  }

  /** Moves past a value, watching only strings, brackets and depth. */
  skip(): void {
    const base = this.depth;
    do {
      switch (this.peek()) {
        case -1:
          return this.fail('the value to end');
        case QUOTE:
          this.skipString();
          break;
        case OPEN_BRACE:
        case OPEN_BRACKET:
          this.#open();
          break;
        case CLOSE_BRACE:
        case CLOSE_BRACKET:
          if (this.depth === base) this.fail('a value');
          this.#close();
          break;
        case COMMA:
        case COLON:
          if (this.depth === base) this.fail('a value');
          this.position++;
          break;
        default:
          this.skipScalar();
      }
    } while (this.depth > base);
  }

  /** Expects the end of the text. */
  end(): void {
    if (this.peek() !== -1) this.fail('nothing after the document');
  }

  #enter(opening: number, closing: number, what: string): boolean {
    if (this.peek() !== opening) this.fail(what);
    this.#open();
    if (this.peek() !== closing) return true;
    this.#close();
    return false;
  }

  #next(closing: number, expected: string): boolean {
    const byte = this.peek();
    if (byte === COMMA) {
      this.position++;
      return true;
    }
    if (byte !== closing) this.fail(expected);
    this.#close();
    return false;
  }

  #open(): void {
    if (this.depth >= MAX_DEPTH) this.fail(`JSON no deeper than ${MAX_DEPTH}`);
    this.depth++;
    this.position++;
  }

  #close(): void {
    this.depth--;
    this.position++;
  }
}
