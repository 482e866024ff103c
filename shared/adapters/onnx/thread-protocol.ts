import type { Failure } from '../../errors.ts';
import type { InferTimings } from '../../ports.ts';
import type { Signature } from '../../protocol/tensor.ts';

/** What a model thread is asked to do. Buffers are transferred both ways. */
export type ThreadRequest =
  | {
      readonly type: 'load';
      /** Names the session in this process; never used twice. */
      readonly session: number;
      readonly path: string;
      readonly signature: Signature;
    }
  | { readonly type: 'unload'; readonly session: number }
  | {
      readonly type: 'infer';
      readonly session: number;
      readonly modelName: string;
      readonly modelVersion: number;
      readonly body: ArrayBuffer;
      readonly headerLength: number | undefined;
      readonly contentEncoding: string | undefined;
      readonly acceptEncoding: string | undefined;
      /** Nanoseconds of the process's monotonic clock. */
      readonly arrivedAt: number;
      readonly maxBodyBytes: number;
    };

/** An encoded answer, its bytes in a buffer of their own. */
export interface ThreadAnswer {
  readonly body: Uint8Array<ArrayBuffer>;
  readonly headerLength: number | undefined;
  readonly contentEncoding: string | undefined;
  readonly timings: InferTimings;
  readonly rows: number;
}

export type ThreadReply =
  | { readonly kind: 'done'; readonly answer?: ThreadAnswer }
  | { readonly kind: 'failed'; readonly failure: Failure }
  /** Something nobody foresaw; `stack` is for the log. */
  | { readonly kind: 'bug'; readonly message: string; readonly stack: string };

/** Requests and replies go in pairs, by number. */
export interface Envelope<T> {
  readonly id: number;
  readonly message: T;
}

/** Nanoseconds of the clock that every thread of this process shares. */
export function monotonicNs(): number {
  return Number(process.hrtime.bigint());
}
