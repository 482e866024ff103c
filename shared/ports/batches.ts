import type { BatchFormat, BatchId, BatchJob, BatchSource } from '../batch/job.ts';
import type { ChunkReceipt } from '../batch/receipt.ts';
import type { Stored } from './clock.ts';

/** What an Idempotency-Key stands for. */
export interface BatchKey {
  /** A hash of the key and of whose it is; letters, digits, `-` and `_`. */
  readonly key: string;
  readonly id: BatchId;
  /** A hash of what was asked for. */
  readonly fingerprint: string;
  readonly expiresAt: number;
}

/**
 * Batch jobs, a document each. Every write is conditional, as the registry's are. What has expired
 * is absent for readers; its id stays taken until it is removed, its blobs with it.
 */
export interface BatchJobs {
  /** False when a job of that id stands already. */
  create(job: BatchJob): Promise<boolean>;
  read(id: BatchId): Promise<Stored<BatchJob> | undefined>;
  /** Undefined when another writer was first. */
  replace(job: BatchJob, etag: string): Promise<Stored<BatchJob> | undefined>;
  /** Newest first (by id), strictly before `before`; at most `limit`. Expired ones are left out. */
  list(page: { before?: BatchId; limit: number; now: number }): Promise<BatchJob[]>;
  /** Jobs that are queued or running; at most `limit`. */
  listUnfinished(page: { limit: number }): Promise<BatchJob[]>;
  /** Jobs whose time is over, at most `limit`. */
  listExpired(page: { now: number; limit: number }): Promise<BatchJob[]>;
  /** Removes one; again is no error. */
  remove(id: BatchId): Promise<void>;
  /**
   * Keeps what an Idempotency-Key stands for, unless that key stands and its time is not over;
   * answers the entry that stands now.
   */
  claimKey(entry: BatchKey): Promise<BatchKey>;
}

/** One of a job's results. */
export type BatchResult = 'output' | 'errors';

/** The blobs of batch jobs: inputs as they are read, and `batches/{id}/…` as they are written. */
export interface BatchFiles {
  /**
   * The blob `uploads/…` or `batches/…` as it is now; undefined when there is none.
   * @throws ServingError `malformed` (another name), `unavailable`
   */
  pin(blob: string): Promise<BatchSource | undefined>;
  /**
   * The bytes [start, end) of a pinned blob, a step at a time, each held in memory: the reader may
   * take its time, or stop. @throws ServingError `conflict` (changed or gone), `unavailable`
   */
  read(source: BatchSource, start: number, end: number): AsyncIterable<Uint8Array>;
  /**
   * Writes a stream as the blob `name` of the job's folder, in place of what stands there, and pins
   * it. Whoever pinned what stood there is told that it changed: what two attempts may write at once
   * is named after the attempt. @throws ServingError `tooLarge` beyond `maxBytes`, what the stream throws
   */
  write(
    id: BatchId,
    name: string,
    content: AsyncIterable<Uint8Array>,
    limit: { maxBytes: number },
  ): Promise<BatchSource>;
  /**
   * Stages a block of a result, not an empty one; `block` names it (see `blockName`), the same
   * length for all. @throws ServingError `malformed` (the prefix), `unavailable`
   */
  stage(result: ResultRef, block: string, bytes: Uint8Array): Promise<void>;
  /**
   * Makes exactly these staged blocks the result, unless it stands already. No blocks: an empty blob.
   * @throws ServingError `conflict` (another job's result stands there, or blocks are gone),
   * `tooLarge` (more blocks than a blob can have), `unavailable`
   */
  commit(result: ResultRef, blocks: readonly string[], contentType: string): Promise<void>;
  /** Writes a stream as a result unless it stands already. No bytes: an empty blob. @throws as `commit` does, what the stream throws */
  writeResult(
    result: ResultRef,
    content: AsyncIterable<Uint8Array>,
    contentType: string,
  ): Promise<void>;
  /** Where the job's result lies, once it was committed. */
  result(result: ResultRef): Promise<BatchSource | undefined>;

  /** Leaves a chunk's receipt; false when another attempt's stands already. Again is no error. */
  createReceipt(id: BatchId, receipt: ChunkReceipt): Promise<boolean>;
  readReceipt(id: BatchId, chunk: number): Promise<ChunkReceipt | undefined>;
  /** The receipts of one group of chunks (`GROUP_CHUNKS`), by chunk. */
  listReceipts(id: BatchId, group: number): Promise<ChunkReceipt[]>;
  /** Leaves a full group's receipts as one; again is no error. */
  createGroup(id: BatchId, group: number, receipts: readonly ChunkReceipt[]): Promise<void>;
  /** The groups that are full. */
  listGroups(id: BatchId): Promise<number[]>;
  readGroup(id: BatchId, group: number): Promise<ChunkReceipt[] | undefined>;

  /** Removes the job's folder and its results; again is no error. */
  purge(id: BatchId, outputPrefix: string | undefined): Promise<void>;
}

/** Names a job's result; `prefix` as the job's request has it. */
export interface ResultRef {
  readonly id: BatchId;
  readonly prefix: string | undefined;
  readonly result: BatchResult;
  readonly format: BatchFormat;
}
