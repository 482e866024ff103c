import type { Tensor } from '../protocol/tensor.ts';
import { type CellReader, cellReader, EMPTY, TAKEN } from './cells.ts';
import { quoted, type Records } from './records.ts';
import { cellCount, type InputColumns, placesOf, type RowTable } from './row-table.ts';

/** One input of the runs to come. */
interface Filling {
  readonly input: InputColumns;
  readonly reader: CellReader;
  /** Which cells of a record feed it. */
  readonly places: Int32Array;
  /** By place in `places`, what an empty cell counts as. */
  readonly missing: readonly (Buffer | null)[];
}

/** The tensors of runs of up to `runRows` rows, filled row by row and used again for the next run. */
export class RowInputs {
  readonly #table: RowTable;
  readonly #fillings: readonly Filling[];

  constructor(table: RowTable) {
    this.#table = table;
    const places = placesOf(table).inputs;
    this.#fillings = table.inputs.map((input, index) => {
      const count = cellCount(input);
      const single = input.cells.length === 1 ? input.missing[0] : undefined;
      return {
        input,
        reader: cellReader(input.datatype, table.runRows * count, {
          emptyIsMissing: table.format === 'csv',
        }),
        places: places[index] as Int32Array,
        missing: Array.from({ length: count }, (_, cell) => {
          const text = single === undefined ? input.missing[cell] : single;
          return typeof text === 'string' ? Buffer.from(text) : null;
        }),
      };
    });
  }

  /** Takes the record at hand as row `slot`; answers what is wrong with it. */
  read({ bytes, cells }: Records, slot: number): string | undefined {
    for (const filling of this.#fillings) {
      const { reader, places } = filling;
      const count = places.length;
      const first = slot * count;
      for (let index = 0; index < count; index++) {
        const place = (places[index] as number) * 2;
        const start = cells[place] as number;
        const end = cells[place + 1] as number;
        const outcome = start < 0 ? EMPTY : reader.read(bytes, start, end, first + index);
        if (outcome === TAKEN) continue;
        if (outcome !== EMPTY)
          return this.#wrong(filling, index, bytes.toString('utf8', start, end));
        const missing = filling.missing[index];
        if (!missing) return this.#wrong(filling, index, '');
        // An empty text is one, too, where it is meant.
        if (missing.length === 0) (reader.data as string[])[first + index] = '';
        else reader.read(missing, 0, missing.length, first + index);
      }
    }
    return undefined;
  }

  /** The inputs of the rows [from, to), over the same memory. */
  tensors(from: number, to: number): Tensor[] {
    return this.#fillings.map(({ input: { name, datatype, dimensions }, reader, places }) => ({
      name,
      datatype,
      shape: dimensions ? [to - from, ...dimensions] : [],
      data: part(reader.data, from * places.length, to * places.length),
    }));
  }

  #wrong({ input, reader }: Filling, index: number, text: string): string {
    const { cells } = input;
    const isOne = cells.length === 1;
    const cell = cells[isOne ? 0 : index];
    const { format, columns } = this.#table;
    const name = typeof cell === 'number' ? columns[cell] : cell;
    const element = isOne && index > 0 ? ` (value ${index})` : '';
    const got = text === '' ? 'nothing' : quoted(text);
    const what = format === 'csv' ? 'column' : 'member';
    return `${what} \`${name ?? ''}\`${element}: expected ${reader.expected}, got ${got}`;
  }
}

function part(data: Tensor['data'], from: number, to: number): Tensor['data'] {
  if (from === 0 && to === data.length) return data;
  return Array.isArray(data) ? data.slice(from, to) : data.subarray(from, to);
}
