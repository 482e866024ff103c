import { type PieceSizes, piecesOf, type RecordEnds } from './pieces.ts';

const QUOTE = 0x22;
const LF = 0x0a;
/** ASCII white space but LF: it may stand between a closing quote and what ends the cell. */
const SPACES = [0x09, 0x0b, 0x0c, 0x0d, 0x20];

const CELL_START = 0;
const UNQUOTED = 1;
const QUOTED = 2;
/** After a quote within quotes: it closes them, or is the first of two, or stands there by mistake. */
const QUOTE_SEEN = 3;
const SPACE_AFTER_QUOTE = 4;

const CLASSES = 5;
/** The next state, by state and by class of the byte: other, quote, delimiter, LF, space. */
const NEXT = Uint8Array.from([
  ...[UNQUOTED, QUOTED, CELL_START, CELL_START, UNQUOTED],
  ...[UNQUOTED, UNQUOTED, CELL_START, CELL_START, UNQUOTED],
  ...[QUOTED, QUOTE_SEEN, QUOTED, QUOTED, QUOTED],
  ...[QUOTED, QUOTED, CELL_START, CELL_START, SPACE_AFTER_QUOTE],
  ...[QUOTED, QUOTE_SEEN, CELL_START, CELL_START, SPACE_AFTER_QUOTE],
]);

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
  readonly #classes: Uint8Array;

  /** `delimiter` is one ASCII character. */
  constructor(delimiter: string) {
    this.#classes = new Uint8Array(256);
    for (const space of SPACES) this.#classes[space] = 4;
    this.#classes[LF] = 3;
    this.#classes[QUOTE] = 1;
    this.#classes[delimiter.charCodeAt(0)] = 2;
  }

  next(block: Uint8Array, from: number, least: number): number {
    const classes = this.#classes;
    let state = this.#state;
    let lines = this.lines;
    let begin = from - this.#open;
    let longest = this.longest;
    let found = -1;
    for (let at = from; at < block.byteLength; at++) {
      const byte = block[at] as number;
      state = NEXT[state * CLASSES + (classes[byte] as number)] as number;
      if (byte !== LF) continue;
      lines += 1;
      if (state !== CELL_START) continue;
      if (at + 1 - begin > longest) longest = at + 1 - begin;
      if (at + 1 >= least) {
        found = at + 1;
        break;
      }
      begin = at + 1;
    }
    this.#state = state;
    this.lines = lines;
    this.length = (found === -1 ? block.byteLength : found) - begin;
    this.longest = Math.max(longest, this.length);
    this.#open = found === -1 ? this.length : 0;
    return found;
  }
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
