import Papa from 'papaparse';
import { ServingError } from '../errors.ts';
import { CsvEnds } from './csv-scan.ts';
import type { BatchRequest } from './job.ts';
import { LineEnds } from './lines.ts';

const BOM = Buffer.from([0xef, 0xbb, 0xbf]);

/** What the beginning of a file tells. */
export interface FileHead {
  /** The first record's cells; empty for JSONL. */
  readonly cells: readonly string[];
  /** The first byte behind a byte order mark and the header. */
  readonly firstByte: number;
  /** The line number of the first row, from 1. */
  readonly firstLine: number;
  /** Whole rows, as far as they were read. */
  readonly rows: Uint8Array;
  /** About how many bytes a row takes. */
  readonly rowBytes: number;
}

type HeadOptions = Pick<BatchRequest, 'format' | 'csv'> & {
  /** Whether the bytes are all there are. */
  readonly isWhole: boolean;
};

/**
 * Looks at a file's beginning. @throws ServingError `malformed`: empty, no text, or a header that
 * doesn't end within the bytes
 */
export function headOf(bytes: Buffer, { format, csv, isWhole }: HeadOptions): FileHead {
  if (bytes.includes(0)) throw malformed('input: expected text in UTF-8, got a byte 0');
  const begin = bytes.subarray(0, 3).equals(BOM) ? 3 : 0;
  if (bytes.byteLength === begin) {
    if (format === 'csv' && csv.header) {
      throw malformed('input: expected a line that names the columns, the file is empty');
    }
    return { cells: [], firstByte: begin, firstLine: 1, rows: bytes.subarray(begin), rowBytes: 1 };
  }
  const ends =
    format === 'csv' && csv.quotedLineBreaks ? new CsvEnds(csv.delimiter) : new LineEnds();
  const first = ends.next(bytes, begin, begin + 1);
  if (first < 0 && !isWhole) {
    throw malformed(`input: its first ${ends.called} is longer than ${bytes.byteLength} bytes`);
  }
  const firstEnd = first < 0 ? bytes.byteLength : first;
  const record = bytes.subarray(begin, firstEnd);
  const cells = format === 'csv' ? cellsOf(record, csv.delimiter) : [];
  const hasHeader = format === 'csv' && csv.header;
  const firstByte = hasHeader ? firstEnd : begin;
  const lastBreak = bytes.lastIndexOf(0x0a);
  const end = isWhole ? bytes.byteLength : Math.max(firstByte, lastBreak + 1);
  const rows = bytes.subarray(firstByte, end);
  return {
    cells,
    firstByte,
    firstLine: hasHeader ? 1 + linesIn(record) : 1,
    rows,
    rowBytes: Math.max(1, rows.byteLength / Math.max(1, linesIn(rows))),
  };
}

function cellsOf(record: Buffer, delimiter: string): string[] {
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(record);
  } catch (cause) {
    throw malformed('input: expected text in UTF-8, the first line is not', cause);
  }
  const [cells] = Papa.parse<string[]>(text.replace(/\r?\n$/, ''), { delimiter, preview: 1 }).data;
  if (!cells || cells.every((cell) => cell === '')) {
    throw malformed('input: expected columns, its first line is empty');
  }
  return cells;
}

function linesIn(bytes: Uint8Array): number {
  let lines = 0;
  for (let at = bytes.indexOf(0x0a); at >= 0; at = bytes.indexOf(0x0a, at + 1)) lines++;
  return lines;
}

function malformed(detail: string, cause?: unknown): ServingError {
  return new ServingError({ kind: 'malformed', detail }, { cause });
}
