import type { BatchJob } from '../batch/job.ts';
import { blockName } from '../batch/receipt.ts';
import type { BatchFiles, ResultRef } from '../ports/batches.ts';
import { resultRef } from './batch-result.ts';

/** Output held before it is staged as a block. */
const BLOCK_BYTES = 8 << 20;

/** What an attempt at a chunk writes, staged block by block, so that memory is bounded. */
export class ChunkOutput {
  readonly #files: Pick<BatchFiles, 'stage'>;
  readonly #result: ResultRef;
  readonly #attempt: { readonly chunk: number; readonly attempt: string };
  #held: Uint8Array[] = [];
  #heldBytes = 0;
  #blocks = 0;
  /** The block that is being staged: the next rows are scored meanwhile. */
  #staging: Promise<void> = Promise.resolve();

  constructor(
    files: Pick<BatchFiles, 'stage'>,
    job: BatchJob,
    attempt: { readonly chunk: number; readonly attempt: string },
  ) {
    this.#files = files;
    this.#result = resultRef(job, 'output');
    this.#attempt = attempt;
  }

  async write(lines: Uint8Array): Promise<void> {
    if (lines.byteLength === 0) return;
    this.#held.push(lines);
    this.#heldBytes += lines.byteLength;
    if (this.#heldBytes >= BLOCK_BYTES) await this.#stage();
  }

  /** Stages what is left; answers how many blocks there are. */
  async end(): Promise<number> {
    if (this.#heldBytes > 0) await this.#stage();
    await this.#staging;
    return this.#blocks;
  }

  async #stage(): Promise<void> {
    const { chunk, attempt } = this.#attempt;
    const bytes = Buffer.concat(this.#held);
    this.#held = [];
    this.#heldBytes = 0;
    await this.#staging;
    const name = blockName(chunk, attempt, this.#blocks++);
    this.#staging = this.#files.stage(this.#result, name, bytes);
    // It is awaited with the next block, or at the end; until then it is not unhandled.
    this.#staging.catch(() => undefined);
  }
}
