import { isUtf8 } from 'node:buffer';
import { QUOTE } from '../protocol/ascii.ts';
import { ByteWriter } from '../protocol/byte-writer.ts';
import { type QuotedRecord, readQuoted } from './csv-quoted.ts';
import type { Records } from './records.ts';
import { placesOf, type RowTable } from './row-table.ts';

const LF = 0x0a;
const CR = 0x0d;
const BOM = [0xef, 0xbb, 0xbf] as const;

/**
 * The records of a piece of CSV, which begins and ends where records do. Cells that need no
 * unescaping are found where they lie, without making text of them; a record with any other is
 * parsed by papaparse. LF and CRLF end lines alike; an empty line is no record (an empty cell alone
 * on its line is written `""`); a byte order mark at the beginning is passed over.
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
  /** What papaparse has read ahead. */
  #quoted: readonly QuotedRecord[] = [];
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
    if (BOM.every((byte, index) => source[index] === byte)) this.#at = BOM.length;
  }

  next(): boolean {
    while (this.#at < this.#source.length) {
      this.line = this.lines;
      this.start = this.#at;
      this.problem = undefined;
      if (this.#nextQuoted < this.#quoted.length || !this.#scan()) this.#takeQuoted();
      // An empty line is none.
      if (this.end > this.start) return true;
    }
    return false;
  }

  /** Finds the cells of the record that begins here; false, and nothing is said, where that takes a parser. */
  #scan(): boolean {
    const source = this.#source;
    const { cells } = this;
    const { length } = source;
    const delimiter = this.#delimiter;
    const used = this.#used * 2;
    let at = this.start;
    let count = 0;
    let place = 0;
    let breaks = 0;
    for (;;) {
      let begin = at;
      let end: number;
      if (source[at] === QUOTE) {
        begin++;
        at++;
        for (; at < length; at++) {
          const byte = source[at] as number;
          if (byte === QUOTE) break;
          if (byte === LF) breaks++;
        }
        end = at++;
        if (breaks > 0 && !this.#table.quotedLineBreaks) return false;
        if (source[at] === CR && (at + 1 === length || source[at + 1] === LF)) at++;
        if (end >= length || (at < length && source[at] !== delimiter && source[at] !== LF)) {
          return false;
        }
      } else {
        for (; at < length; at++) {
          const byte = source[at] as number;
          if (byte === delimiter || byte === LF) break;
        }
        end = at;
        if (source[at] !== delimiter && at > begin && source[at - 1] === CR) end--;
      }
      if (place < used) {
        cells[place++] = begin;
        cells[place++] = end;
      }
      count++;
      if (source[at] !== delimiter || at >= length) break;
      at++;
    }
    this.lines += breaks + 1;
    this.#at = at + 1;
    this.end = at > this.start && source[at - 1] === CR ? at - 1 : at;
    this.bytes = source;
    this.#check(count);
    return true;
  }

  /** The record that begins here, as papaparse reads it. */
  #takeQuoted(): void {
    const source = this.#source;
    if (this.#nextQuoted === this.#quoted.length) {
      const lineBreak = this.#table.quotedLineBreaks ? -1 : source.indexOf(LF, this.start);
      const end = lineBreak < 0 ? source.length : lineBreak + 1;
      this.#quoted = readQuoted(source, { from: this.start, end }, this.#table.delimiter);
      this.#nextQuoted = 0;
    }
    const record = this.#quoted[this.#nextQuoted++] as QuotedRecord;
    this.#passLines(record.end);
    this.problem = record.problem;
    if (this.problem === undefined) this.#lay(record.cells);
  }

  #passLines(end: number): void {
    const source = this.#source;
    this.#at = end;
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
