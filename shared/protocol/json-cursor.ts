import { ServingError } from '../errors.ts';
import {
  BACKSLASH,
  CLOSE_BRACE,
  CLOSE_BRACKET,
  COLON,
  COMMA,
  OPEN_BRACE,
  OPEN_BRACKET,
  QUOTE,
} from './ascii.ts';

/** JSON deeper than this is refused, counted from the document's root. */
const MAX_DEPTH = 100;

/**
 * Walks over JSON text as bytes, so that a tensor's data can be read straight into its typed array
 * without a JavaScript object for each number, and 64-bit integers stay exact.
 * Every method that finds something else than it expects throws ServingError `malformed` with the
 * byte's position.
 */
export class JsonCursor {
  readonly bytes: Uint8Array;
  position = 0;
  depth = 0;
  readonly #text: Buffer;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
    this.#text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  /** The first byte of the next token, -1 at the end. */
  peek(): number {
    const { bytes } = this;
    let at = this.position;
    for (; at < bytes.length; at++) {
      const byte = bytes[at] as number;
      if (byte !== 0x20 && byte !== 0x0a && byte !== 0x0d && byte !== 0x09) break;
    }
    this.position = at;
    return at < bytes.length ? (bytes[at] as number) : -1;
  }

  /** Visits an object's members; the visitor must consume the value. */
  object(member: (key: string) => void): void {
    this.#open(OPEN_BRACE, 'an object');
    if (this.peek() === CLOSE_BRACE) {
      this.#close();
      return;
    }
    for (;;) {
      if (this.peek() !== QUOTE) this.fail('a member name in double quotes');
      const key = this.string();
      if (this.peek() !== COLON) this.fail('":"');
      this.position++;
      member(key);
      const next = this.peek();
      if (next === CLOSE_BRACE) break;
      if (next !== COMMA) this.fail('"," or "}"');
      this.position++;
    }
    this.#close();
  }

  /** Visits an array's elements; the visitor must consume each. */
  array(element: (index: number) => void): void {
    this.#open(OPEN_BRACKET, 'an array');
    if (this.peek() === CLOSE_BRACKET) {
      this.#close();
      return;
    }
    for (let index = 0; ; index++) {
      element(index);
      const next = this.peek();
      if (next === CLOSE_BRACKET) break;
      if (next !== COMMA) this.fail('"," or "]"');
      this.position++;
    }
    this.#close();
  }

  /** A string, decoded. Invalid UTF-8 and lone surrogates are refused. */
  string(): string {
    const start = this.position;
    const { bytes } = this;
    let plain = true;
    let at = start + 1;
    for (; at < bytes.length; at++) {
      const byte = bytes[at] as number;
      if (byte === QUOTE) break;
      if (byte === BACKSLASH) at++;
      if (byte < 0x20) {
        this.position = at;
        this.fail('no control character inside a string');
      }
      if (byte === BACKSLASH || byte >= 0x80) plain = false;
    }
    if (at >= bytes.length) this.fail('the string to end');
    this.position = at + 1;
    if (plain) return this.#text.toString('latin1', start + 1, at);
    const text = this.parsed(start, this.position) as string;
    if (!isWellFormed(text)) {
      this.position = start;
      this.fail('text without lone surrogates');
    }
    return text;
  }

  /** Any value by JSON.parse: for the small ones whose meaning the caller checks. */
  value(): unknown {
    const start = this.peek() === -1 ? this.fail('a value') : this.position;
    this.skip();
    return this.parsed(start, this.position);
  }

  /** Moves past a value, watching only strings, brackets and depth. */
  skip(): void {
    const { bytes } = this;
    const base = this.depth;
    do {
      const byte = this.peek();
      switch (byte) {
        case -1:
          return this.fail('the value to end');
        case QUOTE:
          this.#skipString();
          break;
        case OPEN_BRACE:
        case OPEN_BRACKET:
          this.#open(byte, '');
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
        default: {
          let at = this.position + 1;
          while (at < bytes.length && !ENDS_SCALAR[bytes[at] as number]) at++;
          this.position = at;
        }
      }
    } while (this.depth > base);
  }

  /** The bytes between two positions as a JavaScript value. */
  parsed(start: number, end: number): unknown {
    const text = this.#decoded(start, end);
    try {
      return JSON.parse(text) as unknown;
    } catch (error) {
      throw refuse(`the body is not JSON (at byte ${start}): ${(error as Error).message}`, error);
    }
  }

  /** ASCII text between two positions. */
  ascii(start: number, end: number): string {
    return this.#text.toString('latin1', start, end);
  }

  /** Expects the end of the text. */
  end(): void {
    if (this.peek() !== -1) this.fail('nothing after the document');
  }

  /** @throws ServingError `malformed`: expected this here, got that */
  fail(expected: string): never {
    const { position, bytes } = this;
    const got =
      position >= bytes.length
        ? 'the end'
        : JSON.stringify(
            this.#text.toString('utf8', position, Math.min(position + 12, bytes.length)),
          );
    throw refuse(
      `the body is not JSON as expected: byte ${position}: expected ${expected}, got ${got}`,
    );
  }

  #open(bracket: number, what: string): void {
    if (this.peek() !== bracket) this.fail(what);
    if (this.depth >= MAX_DEPTH) this.fail(`JSON no deeper than ${MAX_DEPTH}`);
    this.depth++;
    this.position++;
  }

  #close(): void {
    this.depth--;
    this.position++;
  }

  #skipString(): void {
    const { bytes } = this;
    let at = this.position + 1;
    for (; at < bytes.length; at++) {
      const byte = bytes[at] as number;
      if (byte === QUOTE) break;
      if (byte === BACKSLASH) at++;
    }
    if (at >= bytes.length) this.fail('the string to end');
    this.position = at + 1;
  }

  #decoded(start: number, end: number): string {
    try {
      return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(
        this.bytes.subarray(start, end),
      );
    } catch (error) {
      throw refuse(`the body is not UTF-8 between bytes ${start} and ${end}`, error);
    }
  }
}

/** Bytes that can't stand inside a number or literal. */
const ENDS_SCALAR = Uint8Array.from({ length: 256 }, (_, byte) =>
  byte <= 0x20 ||
  [QUOTE, COMMA, COLON, OPEN_BRACKET, CLOSE_BRACKET, OPEN_BRACE, CLOSE_BRACE].includes(byte)
    ? 1
    : 0,
);

function isWellFormed(text: string): boolean {
  return !/[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/.test(text);
}

function refuse(detail: string, cause?: unknown): ServingError {
  return new ServingError({ kind: 'malformed', detail }, { cause });
}
