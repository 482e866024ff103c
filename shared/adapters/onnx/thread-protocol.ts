import type { Failure } from '../../errors.ts';
import type {
  InferJob,
  InferTimings,
  Observed,
  ScoreAnswer,
  ScoreJob,
} from '../../ports/engine.ts';
import type { Signature } from '../../protocol/tensor.ts';

/** One request as it came from the wire. */
export interface RunRequest {
  readonly body: Uint8Array;
  readonly headerLength: number | undefined;
  readonly contentEncoding: string | undefined;
  readonly acceptEncoding: string | undefined;
  /** Nanoseconds of the process's monotonic clock. */
  readonly arrivedAt: number;
  readonly observe: InferJob['observe'];
}

/** What a model thread is asked to do. Buffers are transferred both ways. */
export type ThreadRequest =
  | {
      readonly type: 'load';
      /** Names the session in this process; never used twice. */
      readonly session: number;
      readonly source: ModelSource;
      readonly model: SessionModel;
    }
  /** Leaves the prepared form of the model `path` in the folder `into`. */
  | { readonly type: 'prepare'; readonly path: string; readonly into: string }
  | { readonly type: 'unload'; readonly session: number }
  /** Requests of one model, which may share runs. */
  | { readonly type: 'run'; readonly session: number; readonly requests: readonly RunRequest[] }
  /** Rows of a batch job, as text. */
  | { readonly type: 'score'; readonly session: number; readonly job: ScoreJob };

/** A model's file, or its prepared form. */
export interface ModelSource {
  readonly path: string;
  readonly prepared: boolean;
}

/** What a thread must know of a model beside its file. */
export interface SessionModel {
  readonly name: string;
  readonly version: number;
  readonly signature: Signature;
  /** Rows of different requests that may be run as one; 1: none. */
  readonly batchRows: number;
  /** Whether loading it tells how long a run takes. */
  readonly timed: boolean;
  /** The largest body once inflated. */
  readonly maxBodyBytes: number;
}

/** An encoded answer. */
export interface RunAnswer {
  readonly body: Uint8Array;
  readonly headerLength: number | undefined;
  readonly contentEncoding: string | undefined;
  readonly timings: InferTimings;
  readonly rows: number;
  /** Rows of the run that this request shared; 0 when another of its requests counts that run. */
  readonly runRows: number;
  /** There when it was asked for. */
  readonly observed?: Observed;
}

/** What became of one request. */
export type Outcome<Answer> =
  | { readonly kind: 'answered'; readonly answer: Answer }
  | { readonly kind: 'failed'; readonly failure: Failure }
  /** Something nobody foresaw; `stack` is for the log. */
  | { readonly kind: 'bug'; readonly message: string; readonly stack: string };

export type RunOutcome = Outcome<RunAnswer>;
export type ScoreOutcome = Outcome<ScoreAnswer>;

/** What loading a model took. */
export interface LoadReport {
  readonly createMs: number;
  /** The first run, which allocates; undefined when it could not be tried. */
  readonly firstRunMs: number | undefined;
  /** A run of one row, after the first, where that was to be timed. */
  readonly runMs: number | undefined;
  /** By how much the process's own memory grew meanwhile, whoever took it. */
  readonly grownBytes: number;
}

export type ThreadReply =
  /** One outcome a request, in their order. */
  | {
      readonly kind: 'ran';
      readonly outcomes: readonly RunOutcome[];
      /** The requests' large buffers, to be used again. */
      readonly spent: readonly ArrayBuffer[];
    }
  | { readonly kind: 'scored'; readonly outcome: ScoreOutcome }
  /** `runtimeMs`: from the wish for the thread until the runtime was there. */
  | { readonly kind: 'loaded'; readonly report: LoadReport; readonly runtimeMs: number }
  | { readonly kind: 'prepared' }
  | { readonly kind: 'unloaded' }
  | { readonly kind: 'broken'; readonly message: string; readonly stack: string };

export type LoadedReply = Extract<ThreadReply, { kind: 'loaded' }>;

/** What a thread is born with. */
export interface ThreadData {
  /** Ms since the epoch, with fractions. */
  readonly spawnedAt: number;
  /** Whether the process waits for it to start. */
  readonly ahead: boolean;
}

/** Requests and replies go in pairs, by number. */
export interface Envelope<T> {
  readonly id: number;
  readonly message: T;
}

/** Nanoseconds of the clock that every thread of this process shares. */
export function monotonicNs(): number {
  return Number(process.hrtime.bigint());
}
