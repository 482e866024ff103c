import { CLOSE_BRACE, CLOSE_BRACKET, COMMA, OPEN_BRACE, OPEN_BRACKET } from '../protocol/ascii.ts';
import { ByteWriter } from '../protocol/byte-writer.ts';
import { type OutputRows, writeValues } from './output-values.ts';
import type { Records } from './records.ts';
import { copyBytes, KeptText, type RowOutput } from './row-output.ts';
import { type OutputColumns, placesOf, type RowTable } from './row-table.ts';

const LF = 0x0a;

const STYLE = {
  separator: COMMA,
  specials: 'quoted',
  text: (text: string) => JSON.stringify(text),
} as const;

/**
 * Rows as JSON objects, one a line: the kept members as they came, those that the record has; then
 * each output as a value where a row has one by the signature ([N], [N,1]), else as a flat array.
 */
export class JsonlOutput implements RowOutput {
  readonly lines = new ByteWriter();
  readonly #kept: KeptText;
  readonly #keep: readonly { readonly key: Buffer; readonly place: number }[];
  readonly #outputs: readonly { readonly key: Buffer; readonly column: OutputColumns }[];

  constructor(table: RowTable) {
    const places = placesOf(table).keep;
    const key = (name: string): Buffer => Buffer.from(`${JSON.stringify(name)}:`);
    this.#kept = new KeptText(table.runRows);
    this.#keep = (table.keep as readonly string[]).map((name, index) => ({
      key: key(name),
      place: places[index] as number,
    }));
    this.#outputs = table.outputs.map((column) => ({ key: key(column.as), column }));
  }

  keep({ bytes, cells }: Records, slot: number): void {
    const { writer } = this.#kept;
    this.#kept.begin(slot);
    for (const { key, place } of this.#keep) {
      const start = cells[place * 2] as number;
      if (start < 0) continue;
      copyBytes(key, 0, key.length, writer);
      copyBytes(bytes, start, cells[place * 2 + 1] as number, writer);
      writer.byte(COMMA);
    }
    this.#kept.end(slot);
  }

  write(slot: number, outputs: readonly OutputRows[], index: number): undefined {
    const { lines } = this;
    lines.byte(OPEN_BRACE);
    this.#kept.copy(slot, lines);
    for (const [number, { key, column }] of this.#outputs.entries()) {
      const { tensor, width, dimensions } = outputs[number] as OutputRows;
      copyBytes(key, 0, key.length, lines);
      const isValue = isSingle(column.dimensions ?? dimensions) && width === 1;
      if (!isValue) lines.byte(OPEN_BRACKET);
      const from = index * width;
      writeValues(lines, tensor, { from, to: from + width }, STYLE);
      if (!isValue) lines.byte(CLOSE_BRACKET);
      lines.byte(COMMA);
    }
    // In the last comma's place.
    if (lines.bytes[lines.length - 1] === COMMA) lines.length--;
    lines.byte(CLOSE_BRACE);
    lines.byte(LF);
    return undefined;
  }
}

/** Whether an output of these dimensions behind the rows' is one value a row: [N] or [N,1]. */
export function isSingle(dimensions: readonly number[]): boolean {
  return dimensions.length === 0 || (dimensions.length === 1 && dimensions[0] === 1);
}
