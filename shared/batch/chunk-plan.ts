/** A blob has at most 50,000 blocks; some are for the header and for what outgrows a block. */
export const MAX_CHUNKS = 49_000;
/** Chunks whose receipts are listed together. */
export const GROUP_CHUNKS = 256;

/**
 * How a file of `bytes` bytes is cut. `ranges`: chunk i is [i·chunkBytes, (i+1)·chunkBytes), and a
 * line belongs to the chunk that holds its first byte. `offsets`: every chunk begins where a record
 * does; where, stands in the job's plan blob, and what the chunk's first line is.
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
