import { QUOTE } from '../protocol/ascii.ts';
import { ByteWriter } from '../protocol/byte-writer.ts';
import { elementCount } from '../protocol/shape.ts';
import { type OutputRows, writeValues } from './output-values.ts';
import type { Records } from './records.ts';
import { copyBytes, KeptText, type RowOutput } from './row-output.ts';
import { placesOf, type RowTable } from './row-table.ts';

const LF = 0x0a;
const CR = 0x0d;

/** Rows of CSV: what is kept, as it came, then each output's values; numbers' specials are plain. */
export class CsvOutput implements RowOutput {
  readonly lines = new ByteWriter();
  readonly #delimiter: number;
  readonly #kept: KeptText;
  readonly #places: Int32Array;
  /** How many cells each output's column names are for; undefined while nobody knows. */
  readonly #widths: readonly (number | undefined)[];
  readonly #names: readonly string[];
  readonly #style: Parameters<typeof writeValues>[3];

  constructor(table: RowTable) {
    const { delimiter } = table;
    this.#delimiter = delimiter.charCodeAt(0);
    this.#kept = new KeptText(table.runRows);
    this.#places = placesOf(table).keep;
    this.#names = table.outputs.map(({ name }) => name);
    this.#widths = table.outputs.map(({ dimensions }) =>
      dimensions?.every((dimension) => dimension >= 0) ? elementCount(dimensions) : undefined,
    );
    this.#style = {
      separator: this.#delimiter,
      specials: 'plain',
      text: (text) => csvCell(text, delimiter),
    };
  }

  keep({ bytes, cells }: Records, slot: number): void {
    const { writer } = this.#kept;
    this.#kept.begin(slot);
    for (const place of this.#places) {
      const start = cells[place * 2] as number;
      const end = cells[place * 2 + 1] as number;
      if (this.#needsQuotes(bytes, start, end)) this.#quote(bytes, start, end);
      else copyBytes(bytes, start, end, writer);
      writer.byte(this.#delimiter);
    }
    this.#kept.end(slot);
  }

  write(slot: number, outputs: readonly OutputRows[], index: number): string | undefined {
    for (let output = 0; output < outputs.length; output++) {
      const expected = this.#widths[output];
      const { width } = outputs[output] as OutputRows;
      if (expected !== undefined && expected !== width) {
        return `output \`${this.#names[output] ?? ''}\`: expected ${expected} values, as the header has columns, got ${width}`;
      }
    }
    const { lines } = this;
    this.#kept.copy(slot, lines);
    for (const { tensor, width } of outputs) {
      const from = index * width;
      writeValues(lines, tensor, { from, to: from + width }, this.#style);
      if (width > 0) lines.byte(this.#delimiter);
    }
    // In the last delimiter's place.
    if (lines.bytes[lines.length - 1] === this.#delimiter) lines.length--;
    lines.byte(LF);
    return undefined;
  }

  #needsQuotes(bytes: Buffer, start: number, end: number): boolean {
    for (let at = start; at < end; at++) {
      const byte = bytes[at] as number;
      if (byte === this.#delimiter || byte === QUOTE || byte === LF || byte === CR) return true;
    }
    return false;
  }

  #quote(bytes: Buffer, start: number, end: number): void {
    const { writer } = this.#kept;
    writer.byte(QUOTE);
    for (let at = start; at < end; at++) {
      const byte = bytes[at] as number;
      if (byte === QUOTE) writer.byte(QUOTE);
      writer.byte(byte);
    }
    writer.byte(QUOTE);
  }
}

/** The line that names the columns, with its line break. */
export function csvHeader(names: readonly string[], delimiter: string): string {
  return `${names.map((name) => csvCell(name, delimiter)).join(delimiter)}\n`;
}

function csvCell(text: string, delimiter: string): string {
  return text.includes(delimiter) || /["\r\n]/.test(text)
    ? `"${text.replaceAll('"', '""')}"`
    : text;
}
