import { csvColumns, rowTable } from '../../../batch/columns.ts';
import { CsvRecords } from '../../../batch/csv-records.ts';
import { headOf } from '../../../batch/file-head.ts';
import { RowInputs } from '../../../batch/row-inputs.ts';
import type { RowTable } from '../../../batch/row-table.ts';
import type { Signature, Tensor } from '../../../protocol/tensor.ts';
import type { Card } from '../../../registry/card.ts';

const CSV = { delimiter: ',', header: true, quotedLineBreaks: true } as const;

/** A version as its rows are read. */
export interface Reader {
  readonly signature: Signature;
  readonly card: Card;
  readonly batchRows: number;
}

/** Columns of the file that feed no input, by name: the version's, whoever reads. */
export interface Aside {
  readonly label: string | undefined;
  readonly slices: readonly string[];
}

/** An evaluation file, read as batch jobs read theirs. */
export interface LabelledFile {
  readonly aside: Aside;
  /** Its columns' names, in their order. */
  readonly columns: readonly string[];
  /** How many rows it has. */
  readonly inFile: number;
  /** How a version reads the file. @throws ServingError `malformed`: its columns don't fit the version */
  table(reader: Reader): RowTable;
  /** The file's rows, from the first; `table` is any version's. */
  records(table: RowTable): CsvRecords;
  /** The inputs of the first row that can be read; undefined when there is none. */
  firstInputs(reader: Reader): Tensor[] | undefined;
  /** The line of the first row. */
  readonly firstLine: number;
}

/** Which of a file's rows are asked, with all but their inputs. */
export interface EvaluationRows extends LabelledFile {
  /** By row that is asked: its place among the file's rows. */
  readonly asked: Int32Array;
  /** By row that is asked: its line in the file. */
  readonly lines: Int32Array;
  /** By row that is asked; undefined: the row can't be read. Empty without a label column. */
  readonly labels: readonly (string | undefined)[];
  readonly slices: readonly { readonly column: string; readonly values: readonly string[] }[];
}

/** Looks into a file for the version `reader`. @throws ServingError `malformed`: no such CSV, or not for this version */
export function openEvaluation(bytes: Buffer, reader: Reader): LabelledFile {
  const head = headOf(bytes, { format: 'csv', csv: CSV, isWhole: true });
  const columns = csvColumns(head.cells, CSV);
  const source = Buffer.from(head.rows.buffer, head.rows.byteOffset, head.rows.byteLength);
  const aside = asideOf(columns, reader.card);
  const keep = [...new Set([...(aside.label === undefined ? [] : [aside.label]), ...aside.slices])];
  const table = ({ signature, card, batchRows }: Reader): RowTable =>
    rowTable({
      signature,
      card,
      request: { format: 'csv', csv: CSV, keep, outputs: [] },
      columns,
      batchRows,
    });
  const records = (of: RowTable): CsvRecords => new CsvRecords(source, of);
  let inFile = 0;
  for (const each = records(table(reader)); each.next(); ) inFile++;
  const firstInputs = (of: Reader): Tensor[] | undefined => {
    const alone = { ...table(of), runRows: 1 };
    const inputs = new RowInputs(alone);
    for (const each = records(alone); each.next(); ) {
      if (each.problem === undefined && inputs.read(each, 0) === undefined) {
        return inputs.tensors(0, 1);
      }
    }
    return undefined;
  };
  const { firstLine } = head;
  return { aside, columns, inFile, table, records, firstInputs, firstLine };
}

/** Chooses at most `most` rows, evenly spaced. */
export function chooseRows(file: LabelledFile, reader: Reader, most: number): EvaluationRows {
  const { aside, columns, inFile, firstLine } = file;
  const asked = evenly(inFile, Math.min(inFile, most));
  const lines = new Int32Array(asked.length);
  const labels: (string | undefined)[] = [];
  const slices = aside.slices.map((column) => ({ column, values: [] as string[] }));
  const records = file.records(file.table(reader));
  const cell = (column: string): string => {
    const place = columns.indexOf(column) * 2;
    return records.bytes.toString('utf8', records.cells[place], records.cells[place + 1]);
  };
  for (let row = 0, next = 0; next < asked.length && records.next(); row++) {
    if (row !== asked[next]) continue;
    lines[next++] = firstLine + records.line;
    const readable = records.problem === undefined;
    if (aside.label !== undefined) labels.push(readable ? cell(aside.label) : undefined);
    for (const { column, values } of slices) values.push(readable ? cell(column) : '');
  }
  return { ...file, asked, lines, labels, slices };
}

/** Columns that are there; a slice that the file doesn't have says nothing. */
function asideOf(columns: readonly string[], { label = 'label', slices = [] }: Card): Aside {
  return {
    label: columns.includes(label) ? label : undefined,
    slices: [...new Set(slices)].filter((column) => columns.includes(column)),
  };
}

/** `count` of the numbers from 0 to `total` − 1, ascending and evenly spaced. */
export function evenly(total: number, count: number): Int32Array {
  return Int32Array.from({ length: count }, (_, index) => Math.floor((index * total) / count));
}
