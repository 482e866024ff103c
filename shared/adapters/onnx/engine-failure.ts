import { type FailureKind, messageOf, ServingError } from '../../errors.ts';
import type { LoadedModel } from './loaded-model.ts';

/** A deadline that passed: before the model was there, or behind others. */
export function deadlineFailure(loaded: LoadedModel): ServingError {
  return loaded.threads.size === 0
    ? new ServingError({
        kind: 'notReady',
        detail: `${loaded.name} is still being loaded`,
        retryAfterSeconds: 2,
      })
    : new ServingError({
        kind: 'deadlinePassed',
        detail: `the request's deadline passed before ${loaded.name} had answered`,
      });
}

/** Failures to bring a model here that say enough; others become "can't be loaded". */
const PASSED_ON: ReadonlySet<FailureKind> = new Set([
  'damaged',
  'notReady',
  'overloaded',
  'unavailable',
]);

/** Why a model that was wanted can't be served. */
export function loadFailure(loaded: LoadedModel, error: Error): ServingError {
  if (error instanceof ServingError && PASSED_ON.has(error.failure.kind)) return error;
  return new ServingError(
    {
      kind: 'notReady',
      detail: `${loaded.name} can't be loaded: ${messageOf(error)}`,
      retryAfterSeconds: 5,
    },
    { cause: error },
  );
}

export function closingFailure(): ServingError {
  return new ServingError({
    kind: 'notReady',
    detail: 'this instance is shutting down',
    retryAfterSeconds: 1,
  });
}

/** The thread that worked on something has died: nobody knows how far it came. */
export function threadFailure(cause: Error): ServingError {
  return new ServingError(
    {
      kind: 'notReady',
      detail: 'the thread that worked on this has ended, and another takes its place',
      retryAfterSeconds: 1,
    },
    { cause },
  );
}

/** What waits takes `waitMs` already, longer than a request's deadline allows. */
export function lateFailure(waitMs: number): ServingError {
  return new ServingError({
    kind: 'overloaded',
    detail: `what waits already takes about ${Math.ceil(waitMs)} ms, longer than this request's deadline allows`,
    retryAfterSeconds: Math.max(1, Math.ceil(waitMs / 1000)),
  });
}

/** As many requests wait as may. */
export function fullFailure(
  waiting: { readonly requests: number; readonly bytes: number; readonly serviceNs: number },
  bounds: { readonly maxQueuedRequests: number; readonly maxQueuedBytes: number },
): ServingError {
  return new ServingError({
    kind: 'overloaded',
    detail: `${waiting.requests} requests of ${waiting.bytes} bytes wait already (at most ${bounds.maxQueuedRequests} and ${bounds.maxQueuedBytes})`,
    retryAfterSeconds: Math.max(1, Math.ceil(waiting.serviceNs / 1e9)),
  });
}
