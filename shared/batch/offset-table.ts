import { ServingError } from '../errors.ts';
import type { ChunkPlan } from './chunk-plan.ts';
import { CsvEnds } from './csv-scan.ts';
import { MAX_RECORD_BYTES, tooLong } from './pieces.ts';

const LF = 0x0a;
/** An entry: the offset of a chunk's first byte and the number of its first line, 8 bytes each. */
const ENTRY_BYTES = 16;

/** A chunk of an `offsets` plan: whole records, in the bytes [start, end). */
export interface RecordRange {
  readonly start: number;
  readonly end: number;
  /** The line that its first record begins on, from 1. */
  readonly firstLine: number;
}

export interface OffsetPlan {
  readonly plan: ChunkPlan;
  /** An entry for each chunk, and one for the end of the file. */
  readonly table: Uint8Array;
}

/**
 * Cuts a CSV file where records begin, in one pass over the bytes from `firstByte` on. For each
 * multiple of `chunkBytes` there is a chunk that begins with the first record at or after it; none
 * is empty. @throws ServingError `malformed` for a record that is too long, `conflict` when there
 * are more or fewer bytes than the file has
 */
export async function planOffsets(
  source: AsyncIterable<Uint8Array>,
  file: Pick<ChunkPlan, 'bytes' | 'firstByte' | 'firstLine' | 'chunkBytes'>,
  csv: { readonly delimiter: string; readonly maxRecordBytes?: number },
): Promise<OffsetPlan> {
  const { bytes, firstByte, firstLine, chunkBytes } = file;
  const { delimiter, maxRecordBytes = MAX_RECORD_BYTES } = csv;
  const ends = new CsvEnds(delimiter);
  const entries: bigint[] = [];
  const enter = (offset: number, line: number) => void entries.push(BigInt(offset), BigInt(line));
  if (bytes > firstByte) enter(firstByte, firstLine);
  let boundary = firstByte + chunkBytes;
  let at = firstByte;
  let last = LF;
  for await (const block of source) {
    for (let from = 0; ; ) {
      const end = ends.next(block, from, boundary - at);
      if (ends.longest > maxRecordBytes) throw tooLong(ends, maxRecordBytes);
      if (end === -1) break;
      const offset = at + end;
      if (offset < bytes) enter(offset, firstLine + ends.lines);
      boundary += chunkBytes * (Math.floor((offset - boundary) / chunkBytes) + 1);
      from = end;
    }
    at += block.byteLength;
    last = block.at(-1) ?? last;
  }
  if (at !== bytes) {
    throw new ServingError({
      kind: 'conflict',
      detail: `input: expected ${bytes} bytes, got ${at} when it was scanned`,
    });
  }
  const chunks = entries.length / 2;
  enter(bytes, firstLine + ends.lines + (last === LF ? 0 : 1));
  return {
    plan: { kind: 'offsets', bytes, chunkBytes, chunks, firstByte, firstLine },
    table: encoded(entries),
  };
}

/** Which bytes [start, end) of the table tell where a chunk lies. */
export function tableRangeOf(chunk: number): { start: number; end: number } {
  return { start: chunk * ENTRY_BYTES, end: (chunk + 2) * ENTRY_BYTES };
}

/** Reads the bytes of `tableRangeOf`. @throws ServingError `damaged` */
export function decodeRecordRange(bytes: Uint8Array): RecordRange {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const [start, firstLine, end] =
    bytes.byteLength === 2 * ENTRY_BYTES
      ? [0, 8, 16].map((at) => Number(view.getBigUint64(at, true)))
      : [];
  if (
    start === undefined ||
    end === undefined ||
    firstLine === undefined ||
    !(start < end && end <= Number.MAX_SAFE_INTEGER && firstLine >= 1)
  ) {
    throw new ServingError({
      kind: 'damaged',
      detail: `offset table: expected the offsets and lines of a chunk, got ${bytes.byteLength} bytes (${start ?? '?'}, ${end ?? '?'}, ${firstLine ?? '?'})`,
    });
  }
  return { start, end, firstLine };
}

/** Little endian, whatever the machine. */
function encoded(entries: readonly bigint[]): Uint8Array {
  const table = new Uint8Array(entries.length * 8);
  const view = new DataView(table.buffer);
  for (const [place, value] of entries.entries()) view.setBigUint64(place * 8, value, true);
  return table;
}
