import type { RowFailure, RowTable } from '../batch/row-table.ts';
import type { Digest, ModelName, Version } from '../ids.ts';
import type { Signature } from '../protocol/tensor.ts';
import type { ModelFile } from './model-files.ts';

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
  /** The p95 of a run that its card allows, ms; absent: it says nothing of that. */
  readonly p95Ms?: number | undefined;
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
  /**
   * Runs that are under way, and those that the waiting requests come to when each shares one with as
   * many others as its model's batch takes, of as many as can be under way at once: above 1, some wait
   * for a thread. A request counts as one row: how many it has shows when it is decoded, on a thread.
   * Rows of batch jobs count while they run, and not while they wait: they make way for requests.
   * Neither do runs on the main thread: the delay of its loop shows them.
   */
  saturation(): number;
  /** The models that are loaded now. Each call takes the `hits` with it. */
  holdings(): readonly Holding[];
  /** Why this instance can't serve, empty when it can. */
  ailments(): readonly string[];
  /** Refuses new work, lets what runs end, frees everything. */
  close(): Promise<void>;
}

/** A model that is loaded. */
export interface Holding {
  readonly model: ServableModel;
  /** What it takes. */
  readonly bytes: number;
  /** Requests since the last look that found it loaded. */
  readonly hits: number;
}

/** Hears what an engine does with models. */
export interface EngineWatcher {
  /** A thread can run it, so many ms after the first wish for it. */
  loaded(model: ServableModel, ms: number): void;
  /** It leaves; `hits` nobody has looked at. */
  left(model: ServableModel, left: { readonly hits: number; readonly evicted: boolean }): void;
}

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
