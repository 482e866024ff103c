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

/** The blob, in the job's folder, of the rows that an attempt at a chunk could not score. */
export function chunkErrorsName(chunk: number, attempt: string): string {
  return `failed/${String(chunk).padStart(5, '0')}-${attempt}`;
}
