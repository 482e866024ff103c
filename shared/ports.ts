import type { BatchFormat, BatchId, BatchJob, BatchSource } from './batch/job.ts';
import type { ChunkReceipt } from './batch/receipt.ts';
import type { RowFailure, RowTable } from './batch/row-table.ts';
import type { Drop, DroppedBlob } from './drops/drop.ts';
import type { Measurements } from './evaluation/assessment.ts';
import type { GraphFacts } from './graph/facts.ts';
import type { Digest, DropId, Fingerprint, ModelName, RolloutId, Version } from './ids.ts';
import type { Batching } from './inference/batching.ts';
import type { Signature } from './protocol/tensor.ts';
import type { Card } from './registry/card.ts';
import type { ModelEvent } from './registry/events.ts';
import type { ModelRecord, Submission, Verdict } from './registry/model-record.ts';
import type { StageCounts } from './rollout/counts.ts';
import type { Rollout } from './rollout/rollout.ts';

/** Milliseconds since the epoch. */
export type Clock = () => number;

/** A value as it was read, and the tag that a conditional write must present. */
export interface Stored<T> {
  readonly value: T;
  readonly etag: string;
}

/**
 * Version metadata. Every write is conditional: `create…` answers false, `replace…` undefined, when
 * another writer was first. Absent is undefined; a registry that can't be reached throws
 * ServingError `unavailable`.
 */
export interface RegistryStore {
  readModel(model: ModelName): Promise<Stored<ModelRecord> | undefined>;
  createModel(record: ModelRecord): Promise<Stored<ModelRecord> | undefined>;
  replaceModel(record: ModelRecord, etag: string): Promise<Stored<ModelRecord> | undefined>;
  /** Models that are not deleted, by name, strictly after `after`; at most `limit`. */
  listModels(page: { after?: ModelName; limit: number }): Promise<ModelRecord[]>;
  /** Models with work left undone: something pending since before `before` (ms), or a purge owed. */
  listUnfinished(query: { before: number; limit: number }): Promise<ModelRecord[]>;

  createSubmission(submission: Submission): Promise<boolean>;
  readSubmission(key: {
    model: ModelName;
    incarnation: number;
    fingerprint: Fingerprint;
  }): Promise<Submission | undefined>;
  createVerdict(verdict: Verdict): Promise<boolean>;
  readVerdict(key: {
    model: ModelName;
    incarnation: number;
    version: Version;
  }): Promise<Verdict | undefined>;

  createEvent(model: ModelName, event: ModelEvent): Promise<boolean>;
  readEvent(model: ModelName, seq: number): Promise<ModelEvent | undefined>;
  /** Events with `seq` > `after`, oldest first; at most `limit`. */
  listEvents(model: ModelName, page: { after: number; limit: number }): Promise<ModelEvent[]>;

  /** Models whose rollout runs or is paused; at most `limit`. */
  listRollingOut(page: { limit: number }): Promise<ModelRecord[]>;
  /** Keeps a rollout that ended, once the record is to hold another; false when it stands already. */
  createRollout(model: ModelName, rollout: Rollout): Promise<boolean>;
  readRollout(model: ModelName, id: RolloutId): Promise<Rollout | undefined>;
  /** Rollouts that the record no longer holds, newest first (by `createdAt`, then id), strictly before `before`. */
  listRollouts(
    model: ModelName,
    page: { before?: Pick<Rollout, 'createdAt' | 'id'>; limit: number },
  ): Promise<Rollout[]>;

  /** False when that blob's state was seen before. */
  createDrop(drop: Drop): Promise<boolean>;
  readDrop(model: ModelName, id: DropId): Promise<Stored<Drop> | undefined>;
  replaceDrop(drop: Drop, etag: string): Promise<Stored<Drop> | undefined>;
  /** Drops that are not settled: of one model, or of all; at most `limit`. */
  listUnsettledDrops(page: { model?: ModelName; limit: number }): Promise<Drop[]>;

  /** Resolves when the registry answers. @throws ServingError `unavailable` */
  ping(): Promise<void>;
}

/**
 * What instances count while two versions are live, each in a document of its own, which expires by
 * itself some weeks after its last write.
 */
export interface CounterStore {
  /** In place of what the same boot wrote of that stage; the last one counts. */
  write(counts: StageCounts): Promise<void>;
  /** What all boots have counted of a stage. */
  list(key: string, stage: number): Promise<StageCounts[]>;
}

/** The container `incoming`, into which models are dropped. Names are `{model}/…/{name}.onnx`. */
export interface DroppedFiles {
  /** A blob as it is now; undefined when there is none. */
  look(path: string): Promise<DroppedBlob | undefined>;
  /**
   * The bytes of a small blob as it was when it had that ETag. @throws ServingError `conflict` (it has
   * changed, or is gone), `tooLarge`
   */
  read(blob: DroppedBlob, maxBytes: number): Promise<Uint8Array>;
  /**
   * Blobs whose names end in `.onnx`, by name, each as it was when its page was listed, with when it
   * was written (ms since the epoch). A page is in memory at once.
   */
  list(): AsyncIterable<DroppedBlob & { readonly writtenAt: number }>;
  /** Leaves a JSON text beside a dropped model, in place of what stands there. */
  leave(path: string, json: string): Promise<void>;
}

/** Names a file of a model's life by the SHA-256 of its bytes. */
export interface ArtifactRef {
  readonly model: ModelName;
  readonly incarnation: number;
  readonly digest: Digest;
  readonly name: 'model.onnx' | 'evaluation.csv' | 'report.json';
}

/** Files named by their SHA-256; what is stored under a ref never changes. */
export interface ArtifactStore {
  /** Stores a local file whose digest is `ref.digest`; one that stands already is left as it is. */
  put(ref: ArtifactRef, file: string): Promise<void>;
  /**
   * Takes over a blob of `uploads/`: hashes it pinned by its ETag, then copies exactly those bytes.
   * `name` says what it becomes. @throws ServingError `malformed` (no such blob, not in uploads/,
   * empty, or what `check` throws), `tooLarge`, `conflict` (it changed meanwhile)
   */
  adopt(
    blob: string,
    into: Omit<ArtifactRef, 'digest'>,
    limits: { maxBytes: number; check?: ContentCheck },
  ): Promise<{ digest: Digest; bytes: number }>;
  /**
   * As `adopt`, of a dropped blob as it was when it had that ETag. @throws ServingError `conflict` (it
   * has changed, or is gone), `malformed` (empty, or what `check` throws), `tooLarge`
   */
  adoptDropped(
    blob: DroppedBlob,
    into: Omit<ArtifactRef, 'digest'>,
    limits: { maxBytes: number; check?: ContentCheck },
  ): Promise<{ digest: Digest; bytes: number }>;
  /**
   * Downloads to `file` in parallel ranges pinned by ETag; false when absent. The bytes are
   * verified against the digest before it resolves. @throws ServingError `damaged`
   */
  fetch(ref: ArtifactRef, file: string): Promise<boolean>;
  /** Removes every artifact of one incarnation of a model; again is no error. */
  purge(model: ModelName, incarnation: number): Promise<void>;
  /** Resolves when the storage answers. @throws ServingError `unavailable` */
  ping(): Promise<void>;
}

/** Looks at bytes as they pass: `push` or `end` throws when they are not what they must be. */
export interface ContentCheck {
  push(chunk: Uint8Array): void;
  end(): void;
}

/** A body that was received, on local disk until it is discarded. */
export interface SpooledFile {
  readonly path: string;
  readonly digest: Digest;
  readonly bytes: number;
  /** Removes the file; again is no error. */
  discard(): Promise<void>;
}

/** Local disk for bodies while they are received, bounded over all of them. */
export interface Spool {
  /**
   * Writes a stream to a file of its own while hashing it; nothing is left behind on failure.
   * @throws ServingError `tooLarge` (beyond `maxBytes`; `what` names it), `overloaded` (no room left)
   */
  write(
    source: AsyncIterable<Uint8Array>,
    limit: { what: string; maxBytes: number; check?: ContentCheck },
  ): Promise<SpooledFile>;
}

/** An artifact on local disk, verified; it stays there until every holder has released it. */
export interface ModelFile {
  readonly path: string;
  /** Its bytes from `start` to before `end`. It needs no hold, and ends early rather than error. */
  stream(start: number, end: number): Promise<ReadableStream<Uint8Array>>;
  /** Gives the hold up; again is no error. */
  release(): void;
}

/** Artifacts kept on local disk, within a bound. */
export interface ModelFiles {
  /**
   * Brings an artifact of `bytes` bytes to local disk, once however many ask, and holds it there.
   * @throws ServingError `notFound` (no such artifact), `damaged`, `tooLarge` (beyond the whole
   * bound), `overloaded` (the bound is taken by files in use), `unavailable`
   */
  open(ref: ArtifactRef, bytes: number): Promise<ModelFile>;
}

/** A version to validate: the message of queue `registrations`. */
export interface RegistrationMessage {
  readonly model: ModelName;
  readonly incarnation: number;
  readonly version: Version;
  /** How often the poison queue has sent it back already. */
  readonly revived?: number;
}

/** At-least-once queues. */
export interface Messages {
  sendRegistration(message: RegistrationMessage): Promise<void>;
  /** About how many registrations wait or are being worked on. */
  countRegistrations(): Promise<number>;
  /** Sends them side by side, in no order; a failure may leave some sent. */
  sendBatch(messages: readonly BatchMessage[]): Promise<void>;
  /** About how many messages of batch jobs wait or are being worked on. */
  countBatch(): Promise<number>;
}

/** What an examination of a model found. `reasons` say what is wrong and what to change. */
export type Inspection =
  | {
      readonly ok: true;
      readonly signature: Signature;
      readonly facts: GraphFacts;
      readonly warnings: readonly string[];
      /** Milliseconds to create a session, and for one run on generated input where that worked. */
      readonly loadMs: number;
      readonly runMs?: number;
      /** Absent when it could not be tried. */
      readonly batching?: Batching;
      /** Absent where that could not be brought to an end; a warning says why. */
      readonly measurements?: Measurements;
    }
  | { readonly ok: false; readonly reasons: readonly string[]; readonly facts?: GraphFacts };

/** Examines a model file that nobody trusts yet. */
export interface ModelInspector {
  /** Never throws for what the model does; throws only when the machine can't examine at all. */
  inspect(subject: InspectionSubject): Promise<Inspection>;
}

/** What is to be examined, and what it is to be held against; files are local and verified. */
export interface InspectionSubject {
  readonly file: string;
  /** The card as it counts. */
  readonly card: Card;
  /** Labelled rows, as CSV. */
  readonly evaluation?: string;
  /** The production version, to be asked the same rows. */
  readonly production?: {
    readonly file: string;
    readonly signature: Signature;
    readonly card: Card;
    readonly batchRows: number;
  };
}

/** What the registry says of a ready version, as far as serving it needs; all of it is JSON. */
export interface KnownVersion {
  readonly model: ModelName;
  readonly incarnation: number;
  readonly version: Version;
  readonly digest: Digest;
  readonly bytes: number;
  readonly signature: Signature;
  readonly batchRows: number;
  readonly inlineable: boolean;
  readonly preload: boolean;
}

/** Which versions this instance's disk served last, kept from one process to the next. */
export interface RecentVersions {
  /** The one used last at the end; empty when nothing is kept that can be trusted. Never throws. */
  read(): Promise<readonly KnownVersion[]>;
  /** Replaces what is kept. @throws the file system's own errors */
  write(versions: readonly KnownVersion[]): Promise<void>;
}

/** A model file on this instance, ready to be loaded. */
export interface ServableModel {
  /** The same key is the same bytes and options. */
  readonly key: string;
  readonly model: ModelName;
  readonly version: Version;
  readonly digest: Digest;
  readonly bytes: number;
  readonly signature: Signature;
  /** Rows of different requests that may be run as one; 1: none. */
  readonly batchRows: number;
  /** Whether a short run may be made on the main thread: its length can't depend on the input. */
  readonly inlineable: boolean;
  /** Whether it is to be loaded before anyone asks. */
  readonly preload: boolean;
  /** Brings the verified file to local disk and holds it there until it is released. */
  open(): Promise<ModelFile>;
}

/** One request to a model, body as it came from the wire: the engine's from then on. */
export interface InferJob {
  readonly body: Uint8Array;
  /** Bytes of the JSON header after decompression; undefined: the body is JSON. */
  readonly headerLength: number | undefined;
  readonly contentEncoding: string | undefined;
  readonly acceptEncoding: string | undefined;
  /** When to give up, ms since the epoch. */
  readonly deadline: number;
  /** 0 is the default; 1 is the highest, 3 the lowest. */
  readonly priority: number;
  /** Whether to look into the answer; `only`: and to leave out its body. Absent: no. */
  readonly observe?: 'too' | 'only' | undefined;
}

/** What an answer says, as far as two versions are compared by it: its first rows. */
export interface Observed {
  /** By row, as text; empty where no output says one. At most 64, of at most 128 characters. */
  readonly labels: readonly string[];
  /** By output, of those of floats, at most 4: its first elements, at most 256. */
  readonly numbers: ReadonlyMap<string, Float64Array>;
}

/** Nanoseconds spent in each step. */
export interface InferTimings {
  readonly decode: number;
  readonly queue: number;
  readonly infer: number;
  readonly encode: number;
}

export interface InferAnswer {
  readonly body: Uint8Array;
  /** Bytes of the JSON header, when the body is binary. */
  readonly headerLength: number | undefined;
  readonly contentEncoding: string | undefined;
  readonly timings: InferTimings;
  /** Rows in the request: the first input's first dimension, 1 for rank 0. */
  readonly rows: number;
  /** Rows of the run that this request shared; 0 when another of its requests counts that run. */
  readonly runRows: number;
  /** There when it was asked for. */
  readonly observed?: Observed;
}

/** Runs models off the main thread. */
export interface Engine {
  /**
   * Loads the model if need be, decodes, checks, runs, encodes.
   * @throws ServingError `malformed`, `tooLarge`, `unsupportedMedia`, `overloaded`, `notReady`
   * (loading failed, or outlasts the deadline), `deadlinePassed`
   */
  infer(model: ServableModel, job: InferJob): Promise<InferAnswer>;
  /**
   * Scores rows of text, behind all requests that wait. They occupy one thread at a stretch: pieces
   * should be about a tenth of a second's work, and `threads` + 1 of them under way. A row that can't
   * be scored is told in the answer; the rows' buffer is the engine's from then on.
   * @throws ServingError `overloaded`, `notReady` (as `infer`), `deadlinePassed`
   */
  score(model: ServableModel, job: ScoreJob): Promise<ScoreAnswer>;
  load(model: ServableModel): Promise<void>;
  /** Frees a model once the runs in flight on it have ended; unknown keys are no error. */
  unload(key: string): Promise<void>;
  /** Keys of the models that are loaded now. */
  loaded(): readonly string[];
  /** How many requests and pieces of rows wait for a run. */
  waiting(): number;
  /** Why this instance can't serve, empty when it can. */
  ailments(): readonly string[];
  /** Refuses new work, lets what runs end, frees everything. */
  close(): Promise<void>;
}

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

/** What an Idempotency-Key stands for: a document beside the jobs, that no list shows. */
export interface BatchKey {
  /** A hash of the key and of who gave it. */
  readonly key: string;
  readonly id: BatchId;
  /** A hash of what was asked for. */
  readonly fingerprint: string;
  /** Ms since the epoch. */
  readonly expiresAt: number;
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

/** What is to be done for a job: the messages of queue `batch-chunks`. */
export type BatchMessage =
  | { readonly kind: 'plan'; readonly id: BatchId; readonly revived?: number }
  /** Send the messages of the chunks of this group, then of the next. */
  | {
      readonly kind: 'fan';
      readonly id: BatchId;
      readonly group: number;
      readonly revived?: number;
    }
  | {
      readonly kind: 'chunk';
      readonly id: BatchId;
      readonly chunk: number;
      readonly revived?: number;
    }
  | { readonly kind: 'finish'; readonly id: BatchId; readonly revived?: number };

/** Rows of a batch that go to a model together, as text: whole records, without a header. */
export interface ScoreJob {
  readonly rows: Uint8Array;
  readonly table: RowTable;
  /** When to give up, ms since the epoch. */
  readonly deadline: number;
}

/** Rows as they were answered, in their order. */
export interface ScoreAnswer {
  /** Lines of output: the header is not among them. */
  readonly output: Uint8Array;
  /** Lines that the records took: a quoted cell may hold line breaks. */
  readonly lines: number;
  readonly scored: number;
  readonly failures: readonly RowFailure[];
  /** By output, the dimensions behind the rows' in the first run; empty when nothing was scored. */
  readonly outputDimensions: readonly (readonly number[])[];
}

/** Files that callers put into storage themselves. */
export interface Uploads {
  /** A name of its own in `uploads/`, and a URL to which its bytes may be PUT until `expiresAt` (ms). */
  grant(name: string, now: number): Promise<{ blob: string; url: string; expiresAt: number }>;
}
