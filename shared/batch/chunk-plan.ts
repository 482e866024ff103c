/** A blob has at most 50,000 blocks; some are for the header and for what outgrows a block. */
export const MAX_CHUNKS = 49_000;
/** Chunks whose receipts are listed together. */
export const GROUP_CHUNKS = 256;

const KIB = 1 << 10;
const MIB = 1 << 20;
const MIN_CHUNK_BYTES = 64 * KIB;
const MAX_CHUNK_BYTES = 64 * MIB;
/** Output that a chunk is expected to leave at most, unless the file would take too many chunks. */
const MAX_CHUNK_OUTPUT_BYTES = 32 * MIB;
/** Seconds of work in a chunk: what a lost instance costs, and how coarse progress is. */
const CHUNK_SECONDS = 20;

/**
 * How the rows of a file, the bytes [firstByte, bytes), are cut. `ranges`: chunk i holds the lines
 * whose first byte is in [firstByte + i·chunkBytes, firstByte + (i+1)·chunkBytes). `offsets`: every
 * chunk begins where a record does; where, and what its first line is, stands in the offset table.
 */
export interface ChunkPlan {
  readonly kind: 'ranges' | 'offsets';
  readonly bytes: number;
  readonly chunkBytes: number;
  readonly chunks: number;
  /** The first byte that is not of the header. */
  readonly firstByte: number;
  /** The line number of the first row, from 1. */
  readonly firstLine: number;
}

/** What the size of chunks follows from; rates and sizes are estimates. */
export interface ChunkEstimate {
  readonly bytes: number;
  readonly firstByte: number;
  /** Bytes of one row of the input. */
  readonly rowBytes: number;
  /** Rows that one scoring worker gets through in a second. */
  readonly rowsPerSecond: number;
  readonly outputBytesPerRow: number;
  /** At most 64 MiB, which is the default. */
  readonly maxChunkBytes?: number;
}

/**
 * Bytes in a chunk: about 20 s of work, between 64 KiB and 64 MiB and with at most about 32 MiB of
 * output; more where the file would take over `MAX_CHUNKS` chunks.
 */
export function chunkBytesFor(estimate: ChunkEstimate): number {
  const rowBytes = Math.max(1, estimate.rowBytes);
  const work = rowBytes * estimate.rowsPerSecond * CHUNK_SECONDS;
  const output = (rowBytes * MAX_CHUNK_OUTPUT_BYTES) / Math.max(1, estimate.outputBytesPerRow);
  const most = Math.min(estimate.maxChunkBytes ?? MAX_CHUNK_BYTES, MAX_CHUNK_BYTES);
  const wanted = Math.min(Math.max(Math.min(work, output), MIN_CHUNK_BYTES), most);
  const needed = Math.ceil((estimate.bytes - estimate.firstByte) / MAX_CHUNKS);
  return Math.max(Math.floor(wanted), needed, 1);
}

/** Cuts a file whose records are lines; one without rows has no chunks. */
export function planRanges(estimate: ChunkEstimate & { readonly firstLine: number }): ChunkPlan {
  const { bytes, firstByte, firstLine } = estimate;
  const chunkBytes = chunkBytesFor(estimate);
  const chunks = Math.ceil(Math.max(0, bytes - firstByte) / chunkBytes);
  return { kind: 'ranges', bytes, chunkBytes, chunks, firstByte, firstLine };
}

/** The bytes [start, end) of a chunk of a `ranges` plan: lines that begin there are its own. */
export function rangeOf(plan: ChunkPlan, chunk: number): { start: number; end: number } {
  const start = plan.firstByte + chunk * plan.chunkBytes;
  return { start, end: Math.min(plan.bytes, start + plan.chunkBytes) };
}
