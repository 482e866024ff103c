/**
 * Everything that can go wrong for a reason a caller may learn. Whatever is thrown and is not one
 * of these is a bug. `detail` names the thing, what came and what was expected.
 */
export type Failure =
  /** `atRun`: it fits the signature, and the model failed on it. */
  | { readonly kind: 'malformed'; readonly detail: string; readonly atRun?: true }
  /** Nobody said who they are, or not so that it counts. */
  | { readonly kind: 'unauthenticated'; readonly detail: string }
  /** Whoever it is may not. */
  | { readonly kind: 'forbidden'; readonly detail: string }
  | { readonly kind: 'notFound'; readonly detail: string }
  | { readonly kind: 'conflict'; readonly detail: string }
  | { readonly kind: 'lengthRequired'; readonly detail: string }
  | { readonly kind: 'tooLarge'; readonly detail: string }
  | { readonly kind: 'stale'; readonly detail: string }
  | { readonly kind: 'rangeNotSatisfiable'; readonly detail: string }
  | { readonly kind: 'unsupportedMedia'; readonly detail: string }
  /** The model was examined and can't be served; `report` says why, one member a finding. */
  | { readonly kind: 'rejected'; readonly detail: string; readonly report?: unknown }
  | { readonly kind: 'overloaded'; readonly detail: string; readonly retryAfterSeconds: number }
  /** What was asked for is on its way: validating, loading, starting. */
  | { readonly kind: 'notReady'; readonly detail: string; readonly retryAfterSeconds: number }
  /** A dependency (storage, registry, queue) doesn't answer. */
  | { readonly kind: 'unavailable'; readonly detail: string; readonly retryAfterSeconds: number }
  | { readonly kind: 'deadlinePassed'; readonly detail: string }
  /** Bytes that are not what their digest says, or are gone; never served. */
  | { readonly kind: 'damaged'; readonly detail: string };

export type FailureKind = Failure['kind'];

interface Choice {
  readonly version: number;
  readonly route: string;
}

/** The one exception type that carries a `Failure` to the edge that answers it. */
export class ServingError extends Error {
  override readonly name = 'ServingError';
  readonly failure: Failure;
  /** The version that was to answer, and why that one; undefined: there was none yet. */
  readonly choice: Choice | undefined;

  constructor(failure: Failure, options?: { cause?: unknown; choice?: Choice }) {
    super(failure.detail, options);
    this.failure = failure;
    this.choice = options?.choice;
  }

  /** The same, of a request to that version. Several requests may fail by one and the same error. */
  of(choice: Choice): ServingError {
    return new ServingError(this.failure, { cause: this.cause, choice });
  }
}

/** Text of anything thrown, for a log line or a reason; never a stack. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
