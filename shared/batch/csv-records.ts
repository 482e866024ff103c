import { isUtf8 } from 'node:buffer';
import Papa from 'papaparse';
import { ByteWriter } from '../protocol/byte-writer.ts';
import type { Records } from './records.ts';
import { placesOf, type RowTable } from './row-table.ts';

const LF = 0x0a;
const CR = 0x0d;
const QUOTE = 0x22;
const BOM = [0xef, 0xbb, 0xbf] as const;

/** A record that held quotes, as the parser read it. */
interface QuotedRecord {
  /** In Latin-1: a character a byte. */
  readonly cells: readonly string[];
  /** Behind its line break. */
  readonly end: number;
  readonly problem: string | undefined;
}

/**
 * The records of a piece of CSV, which begins and ends where records do. Where no quote is, there is
 * nothing to parse but line breaks and delimiters: those cells are found where they lie. What holds
 * quotes is parsed by papaparse. LF and CRLF end lines alike; an empty line is no record (an empty
 * cell alone on its line is written `""`); a byte order mark at the beginning is passed over.
 */
export class CsvRecords implements Records {
  bytes: Buffer;
  readonly cells: Int32Array;
  problem: string | undefined;
  line = 0;
  start = 0;
  end = 0;
  lines = 0;
  readonly #source: Buffer;
  readonly #table: RowTable;
  readonly #delimiter: number;
  readonly #width: number;
  /** Cells further to the right feed nothing. */
  readonly #used: number;
  readonly #isUtf8: boolean;
  readonly #hasQuotes: boolean;
  /** What papaparse has read ahead. */
  #quoted: QuotedRecord[] = [];
  #nextQuoted = 0;
  readonly #unquoted = new ByteWriter();
  #at = 0;

  constructor(source: Buffer, table: RowTable) {
    this.#source = source;
    this.bytes = source;
    this.#table = table;
    this.#delimiter = table.delimiter.charCodeAt(0);
    this.#width = table.columns.length;
    this.#used = placesOf(table).cells;
    this.cells = new Int32Array(this.#width * 2);
    this.#isUtf8 = isUtf8(source);
    this.#hasQuotes = source.includes(QUOTE);
    if (BOM.every((byte, index) => source[index] === byte)) this.#at = BOM.length;
  }

  next(): boolean {
    const source = this.#source;
    while (this.#at < source.length) {
      this.line = this.lines;
      this.start = this.#at;
      this.problem = undefined;
      if (!this.#hasQuotes) {
        if (this.#plainRecord()) return true;
      } else if (this.#table.quotedLineBreaks) {
        if (this.#quotedRecord(source.length)) return true;
      } else if (this.#oneLine()) return true;
    }
    return false;
  }

  /** A record of one line, whatever is in it. */
  #oneLine(): boolean {
    const quote = this.#source.indexOf(QUOTE, this.#at);
    const found = this.#source.indexOf(LF, this.#at);
    const end = found < 0 ? this.#source.length : found + 1;
    return quote < 0 || quote >= end ? this.#plainRecord() : this.#quotedRecord(end);
  }

  /** The record that begins here and has no quotes; false when it is an empty line. */
  #plainRecord(): boolean {
    const source = this.#source;
    const { cells } = this;
    const delimiter = this.#delimiter;
    const used = this.#used * 2;
    const { length } = source;
    let at = this.#at;
    let count = 0;
    let place = 0;
    let start = at;
    for (; at < length; at++) {
      const byte = source[at] as number;
      if (byte === delimiter) {
        if (place < used) {
          cells[place++] = start;
          cells[place++] = at;
        }
        count++;
        start = at + 1;
      } else if (byte === LF) break;
    }
    this.lines++;
    this.#at = at + 1;
    const end = at > this.start && source[at - 1] === CR ? at - 1 : at;
    this.end = end;
    if (end === this.start) return false;
    if (place < used) {
      cells[place++] = start;
      cells[place] = end;
    }
    this.bytes = source;
    this.#check(count + 1);
    return true;
  }

  /** The record that begins here, parsed from what lies before `end`; false when it is an empty line. */
  #quotedRecord(end: number): boolean {
    if (this.#nextQuoted === this.#quoted.length) this.#parse(end);
    const record = this.#quoted[this.#nextQuoted++];
    if (!record) {
      this.#at = end;
      return false;
    }
    this.#at = record.end;
    this.#passLines(record.end);
    if (this.end === this.start) return false;
    this.problem = record.problem;
    if (this.problem === undefined) this.#lay(record.cells);
    return true;
  }

  /** Reads ahead; what is wrongly quoted fails its line alone, and reading goes on behind that. */
  #parse(end: number): void {
    const from = this.#at;
    const text = this.#source.toString('latin1', from, end);
    const records: QuotedRecord[] = [];
    this.#quoted = records;
    this.#nextQuoted = 0;
    let start = 0;
    const parser = new Papa.Parser({
      delimiter: this.#table.delimiter,
      newline: '\n',
      fastMode: false,
      step: (results: Papa.ParseStepResult<string[]>) => {
        // The type says one row, the parser gives a list of one.
        const [cells = []] = results.data as unknown as string[][];
        const [error] = results.errors;
        if (error) {
          const lineEnd = text.indexOf('\n', start) + 1 || text.length;
          records.push({ cells, end: from + lineEnd, problem: quoteProblem(error) });
          parser.abort();
          return;
        }
        start = results.meta.cursor;
        records.push({ cells, end: from + start, problem: undefined });
      },
    });
    parser.parse(text, 0, false);
    // A line break at the end is no beginning of another record.
    const last = records.at(-1);
    if (last && records.length > 1 && last.end === records.at(-2)?.end) records.pop();
  }

  #passLines(end: number): void {
    const source = this.#source;
    for (let at = this.start; at < end; ) {
      const found = source.indexOf(LF, at);
      this.lines++;
      at = found < 0 || found >= end ? end : found + 1;
    }
    let last = end;
    if (source[last - 1] === LF) last--;
    if (last > this.start && source[last - 1] === CR) last--;
    this.end = last;
  }

  /** Puts the cells as they are without quotes where `cells` can point to them. */
  #lay(values: readonly string[]): void {
    const count = values.length;
    const text = values.join('\n');
    const writer = this.#unquoted;
    writer.length = 0;
    writer.reserve(text.length);
    writer.bytes.write(text, 0, 'latin1');
    this.bytes = writer.bytes;
    let at = 0;
    const used = Math.min(count, this.#used);
    for (let index = 0; index < used; index++) {
      this.cells[index * 2] = at;
      at += (values[index] as string).length;
      this.cells[index * 2 + 1] = at;
      at++;
    }
    if (used === count && this.#keptReturn(values.at(-1) ?? '')) this.cells[count * 2 - 1] = at - 2;
    this.#check(count);
  }

  /** Whether a record's last cell, which was not in quotes, holds the CR of its line's end. */
  #keptReturn(last: string): boolean {
    const source = this.#source;
    if (!last.endsWith('\r') || source[this.end] !== CR) return false;
    const begin = this.end + 1 - last.length;
    const before = begin === this.start || source[begin - 1] === this.#delimiter;
    return before && source.toString('latin1', begin, this.end + 1) === last;
  }

  #check(count: number): void {
    const width = this.#width;
    if (count !== width) {
      this.problem = `expected ${width} ${width === 1 ? 'cell' : 'cells'}, got ${count}`;
    } else if (!this.#isUtf8 && !isUtf8(this.#source.subarray(this.start, this.end))) {
      this.problem = 'expected text in UTF-8';
    }
  }
}

function quoteProblem({ code }: Papa.ParseError): string {
  return code === 'MissingQuotes'
    ? 'a quoted cell is not closed'
    : 'expected a delimiter or the line’s end behind a closing quote';
}
