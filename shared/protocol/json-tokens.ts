import { ServingError } from '../errors.ts';
import {
  BACKSLASH,
  CLOSE_BRACE,
  CLOSE_BRACKET,
  COLON,
  COMMA,
  LOWER_F,
  LOWER_T,
  NINE,
  OPEN_BRACE,
  OPEN_BRACKET,
  QUOTE,
  ZERO,
} from './ascii.ts';
import { LONGEST_RECENT_TEXT, recentText, rememberText } from './recent-texts.ts';
import { decodeUtf8 } from './utf8.ts';

/** ASCII text is made into strings in steps of this many bytes. */
const WINDOW_BYTES = 4_096;

/**
 * JSON text as bytes, one token after the other.
 * Every method that finds something else than it expects throws ServingError `malformed` with the
 * byte's position.
 */
export class JsonTokens {
  readonly bytes: Uint8Array;
  position = 0;
  #buffer: Buffer | undefined;
  /** The text from `#windowStart` on, as far as it was needed. */
  #window = '';
  #windowStart = 0;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
  }

  /** The first byte of the next token, -1 at the end. */
  peek(): number {
    const { bytes } = this;
    let at = this.position;
    for (; at < bytes.length; at++) {
      const byte = bytes[at] as number;
      if (byte !== 0x20 && byte !== 0x0a && byte !== 0x0d && byte !== 0x09) {
        this.position = at;
        return byte;
      }
    }
    this.position = at;
    return -1;
  }

  /** A string, decoded. Invalid UTF-8 and lone surrogates are refused. */
  string(): string {
    const start = this.position;
    const { bytes } = this;
    let ascii = true;
    let escaped = false;
    let at = start + 1;
    for (; at < bytes.length; at++) {
      const byte = bytes[at] as number;
      if (byte === QUOTE) break;
      if (byte < 0x20) {
        this.position = at;
        this.fail('no control character inside a string');
      }
      if (byte === BACKSLASH) {
        escaped = true;
        at++;
      } else if (byte >= 0x80) ascii = false;
    }
    if (at >= bytes.length) this.fail('the string to end');
    this.position = at + 1;
    if (!escaped) return ascii ? this.ascii(start + 1, at) : this.#decoded(start + 1, at);
    const text = this.parsed(start, this.position) as string;
    if (!isWellFormed(text)) {
      this.position = start;
      this.fail('text without lone surrogates');
    }
    return text;
  }

  /**
   * A short string of ASCII without escapes, of the kind that requests repeat: made once, then
   * remembered. Undefined, without having moved past it, when the next value is anything else.
   */
  shortText(): string | undefined {
    if (this.peek() !== QUOTE) return undefined;
    const { bytes } = this;
    const start = this.position + 1;
    const limit = Math.min(start + LONGEST_RECENT_TEXT + 1, bytes.length);
    // FNV-1a.
    let hash = 0x811c_9dc5 | 0;
    for (let at = start; at < limit; at++) {
      const byte = bytes[at] as number;
      if (byte === QUOTE) {
        this.position = at + 1;
        const recent = recentText(bytes, start, at, hash);
        if (recent !== undefined) return recent;
        // Not cut from a longer string, which would be kept with it.
        const text = this.#text().toString('latin1', start, at);
        rememberText(text, hash);
        return text;
      }
      if (byte < 0x20 || byte >= 0x80 || byte === BACKSLASH) return undefined;
      hash = Math.imul(hash ^ byte, 0x0100_0193);
    }
    return undefined;
  }

  /**
   * A whole number of up to 15 digits in its plainest form. Undefined, without having moved past it,
   * when the next value is anything else.
   */
  count(): number | undefined {
    const first = this.peek();
    if (first < ZERO || first > NINE) return undefined;
    const { bytes, position } = this;
    let value = first - ZERO;
    let at = position + 1;
    if (first !== ZERO) {
      for (; at < bytes.length; at++) {
        const byte = bytes[at] as number;
        if (byte < ZERO || byte > NINE) break;
        value = value * 10 + (byte - ZERO);
      }
    }
    if (at - position > 15 || at >= bytes.length || !ENDS_SCALAR[bytes[at] as number]) {
      return undefined;
    }
    this.position = at;
    return value;
  }

  /** true or false; undefined, without having moved past it, when the next value is anything else. */
  flag(): boolean | undefined {
    const first = this.peek();
    if (first !== LOWER_T && first !== LOWER_F) return undefined;
    const start = this.position;
    const isTrue = first === LOWER_T;
    const passed = this.passLiteral(isTrue ? 'true' : 'false');
    if (passed && ENDS_SCALAR[this.bytes[this.position] ?? 0]) return isTrue;
    this.position = start;
    return undefined;
  }

  /** Passes these ASCII characters; false, without having moved, when they don't stand here. */
  passLiteral(text: string): boolean {
    const { bytes, position } = this;
    for (let index = 0; index < text.length; index++) {
      if (bytes[position + index] !== text.charCodeAt(index)) return false;
    }
    this.position += text.length;
    return true;
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

  /**
   * ASCII text between two positions. Short ones are cut from a longer string: making that once and
   * cutting it is several times cheaper than making each from bytes.
   */
  ascii(start: number, end: number): string {
    if (end - start > WINDOW_BYTES) return this.#text().toString('latin1', start, end);
    if (start < this.#windowStart || end > this.#windowStart + this.#window.length) {
      this.#windowStart = start;
      this.#window = this.#text().toString('latin1', start, start + WINDOW_BYTES);
    }
    return this.#window.slice(start - this.#windowStart, end - this.#windowStart);
  }

  /** @throws ServingError `malformed`: expected this here, got that */
  fail(expected: string): never {
    const { position, bytes } = this;
    const got =
      position >= bytes.length
        ? 'the end'
        : JSON.stringify(
            this.#text().toString('utf8', position, Math.min(position + 12, bytes.length)),
          );
    throw refuse(
      `the body is not JSON as expected: byte ${position}: expected ${expected}, got ${got}`,
    );
  }

  /** Moves past a string without looking at its text. */
  protected skipString(): void {
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

  /** Moves past a number or a literal without looking at its text. */
  protected skipScalar(): void {
    const { bytes } = this;
    let at = this.position + 1;
    while (at < bytes.length && !ENDS_SCALAR[bytes[at] as number]) at++;
    this.position = at;
  }

  /** The bytes as a Buffer, which knows strings; made when first needed. */
  #text(): Buffer {
    const { buffer, byteOffset, byteLength } = this.bytes;
    return (this.#buffer ??= Buffer.from(buffer, byteOffset, byteLength));
  }

  #decoded(start: number, end: number): string {
    try {
      return decodeUtf8(this.bytes.subarray(start, end));
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
