import { type PieceSizes, piecesOf, type RecordEnds } from './pieces.ts';

const QUOTE = 0x22;
const LF = 0x0a;

const CELL_START = 0;
const UNQUOTED = 1;
const QUOTED = 2;
/** After a quote within quotes: it closes them, or is the first of two, or stands there by mistake. */
const QUOTE_SEEN = 3;
const SPACE_AFTER_QUOTE = 4;

/**
 * Records of CSV whose quoted cells may hold line breaks, as papaparse 5 reads them with line breaks
 * LF: a quote opens a cell only as its first byte; `""` within is a quote; one that neither the
 * delimiter nor a line break follows (after ASCII white space) doesn't close.
 */
export class CsvEnds implements RecordEnds {
  readonly called = 'record';
  readonly whyLong =
    'is a quote missing? Without line breaks in quotes, csv.quotedLineBreaks: false reads line by line';
  length = 0;
  /** Bytes of the longest record so far, the open one included. */
  longest = 0;
  /** LFs that were looked at, within quotes too. */
  lines = 0;
  #open = 0;
  #state = CELL_START;
  readonly #delimiter: number;

  /** `delimiter` is one ASCII character. */
  constructor(delimiter: string) {
    this.#delimiter = delimiter.charCodeAt(0);
  }

  next(block: Uint8Array, from: number, least: number): number {
    const delimiter = this.#delimiter;
    const size = block.byteLength;
    let begin = from - this.#open;
    let found = -1;
    let at = from;
    while (at < size && found === -1) {
      if (this.#state === QUOTED) at = this.#passQuoted(block, at);
      else if (this.#state >= QUOTE_SEEN) at = this.#passQuote(block, at);
      else {
        // Most of a file: two comparisons a byte.
        const start = at;
        let byte = 0;
        while (at < size) {
          byte = block[at] as number;
          if (byte === LF) break;
          if (byte === QUOTE && this.#startsCell(block, at, start)) break;
          at += 1;
        }
        if (at === size) {
          this.#state = block[size - 1] === delimiter ? CELL_START : UNQUOTED;
          break;
        }
        at += 1;
        if (byte === QUOTE) {
          this.#state = QUOTED;
          continue;
        }
        this.#state = CELL_START;
        this.lines += 1;
        this.longest = Math.max(this.longest, at - begin);
        if (at >= least) found = at;
        else begin = at;
      }
    }
    this.length = (found === -1 ? size : found) - begin;
    this.longest = Math.max(this.longest, this.length);
    this.#open = found === -1 ? this.length : 0;
    return found;
  }

  /** Whether a byte outside of quotes is a cell's first; `start` is where that began. */
  #startsCell(block: Uint8Array, at: number, start: number): boolean {
    return at === start ? this.#state === CELL_START : block[at - 1] === this.#delimiter;
  }

  /** Goes behind the next quote. */
  #passQuoted(block: Uint8Array, from: number): number {
    let lines = 0;
    let at = from;
    while (at < block.byteLength) {
      const byte = block[at] as number;
      at += 1;
      if (byte === QUOTE) {
        this.#state = QUOTE_SEEN;
        break;
      }
      if (byte === LF) lines += 1;
    }
    this.lines += lines;
    return at;
  }

  /** Looks at what follows a quote within quotes; an LF is left to be read as outside of them. */
  #passQuote(block: Uint8Array, at: number): number {
    const byte = block[at] as number;
    if (byte === LF) {
      this.#state = UNQUOTED;
      return at;
    }
    if (byte === this.#delimiter) this.#state = CELL_START;
    else if (byte === QUOTE) this.#state = this.#state === QUOTE_SEEN ? QUOTED : QUOTE_SEEN;
    else this.#state = isSpace(byte) ? SPACE_AFTER_QUOTE : QUOTED;
    return at + 1;
  }
}

/** ASCII white space but LF: it may stand between a closing quote and what ends the cell. */
function isSpace(byte: number): boolean {
  return byte === 0x20 || (byte >= 0x09 && byte <= 0x0d);
}

/**
 * Pieces of whole records of bytes that begin where a record does.
 * @throws ServingError `malformed` for a record that is too long
 */
export function recordPieces(
  source: AsyncIterable<Uint8Array>,
  delimiter: string,
  sizes: PieceSizes,
): AsyncGenerator<Uint8Array> {
  return piecesOf(source, new CsvEnds(delimiter), sizes);
}
