import { GROUP_CHUNKS } from './chunk-plan.ts';
import type { RowCounts } from './job.ts';

/** That a chunk was scored, by which attempt, and what it left: the first receipt of a chunk is the one that counts. */
export interface ChunkReceipt {
  readonly chunk: number;
  /** Names the attempt: eight hexadecimal digits. */
  readonly attempt: string;
  /** Blocks that were staged for the output. */
  readonly outputBlocks: number;
  /** Whether the attempt left a blob of failed rows. */
  readonly hasErrors: boolean;
  /** Lines of the input. */
  readonly lines: number;
  readonly scored: number;
  readonly failed: number;
}

/** The id of an output block: chunk, attempt and part, of one length for all, in base64 as Azure wants it. */
export function blockName(chunk: number, attempt: string, part: number): string {
  const text = `${String(chunk).padStart(5, '0')}-${attempt}-${String(part).padStart(4, '0')}`;
  return Buffer.from(text).toString('base64');
}

/** The ids of the output blocks of a receipt's attempt, in order. */
export function blocksOf({ chunk, attempt, outputBlocks }: ChunkReceipt): string[] {
  return Array.from({ length: outputBlocks }, (_, part) => blockName(chunk, attempt, part));
}

/** The blob, in the job's folder, of the rows that an attempt at a chunk could not score. */
export function chunkErrorsName(chunk: number, attempt: string): string {
  return `failed/${String(chunk).padStart(5, '0')}-${attempt}`;
}

/** The group that a chunk belongs to. */
export function groupOf(chunk: number): number {
  return Math.floor(chunk / GROUP_CHUNKS);
}

/** How many groups a job of so many chunks has. */
export function groupsOf(chunks: number): number {
  return Math.ceil(chunks / GROUP_CHUNKS);
}

/** The chunks [first, end) of a group, of a job that has `chunks`. */
export function chunksOfGroup(group: number, chunks: number): { first: number; end: number } {
  const first = group * GROUP_CHUNKS;
  return { first, end: Math.min(chunks, first + GROUP_CHUNKS) };
}

/** Whether these receipts, no two of one chunk, are all of the group. */
export function isGroupFull(
  receipts: readonly ChunkReceipt[],
  group: number,
  chunks: number,
): boolean {
  const { first, end } = chunksOfGroup(group, chunks);
  const own = receipts.filter(({ chunk }) => chunk >= first && chunk < end);
  return own.length === end - first;
}

/** The rows of many chunks. */
export function sumOf(receipts: readonly RowCounts[]): RowCounts {
  let scored = 0;
  let failed = 0;
  for (const receipt of receipts) {
    scored += receipt.scored;
    failed += receipt.failed;
  }
  return { scored, failed };
}

/**
 * The number of each chunk's first line, by chunk. `receipts` are all of the job's, in order;
 * `firstLine` is the plan's. @throws RangeError when one is missing or out of place
 */
export function lineOffsets(receipts: readonly ChunkReceipt[], firstLine: number): Float64Array {
  const offsets = new Float64Array(receipts.length);
  let line = firstLine;
  for (const [place, { chunk, lines }] of receipts.entries()) {
    if (chunk !== place)
      throw new RangeError(`expected the receipt of chunk ${place}, got ${chunk}`);
    offsets[place] = line;
    line += lines;
  }
  return offsets;
}
