import { type FailureKind, ServingError } from '../shared/errors.ts';
import { stackOf } from './stack.ts';
import type { Context } from './trigger.ts';

/**
 * What becomes of a message whose handling failed; a new failure does not compile until it stands
 * here. `giveUp`: it would fail again in the same way. `retry`: the host delivers it again, and
 * after its last try the poison queue's function ends the work.
 */
const NEXT = {
  malformed: 'giveUp',
  unauthenticated: 'giveUp',
  forbidden: 'giveUp',
  notFound: 'giveUp',
  conflict: 'giveUp',
  lengthRequired: 'giveUp',
  tooLarge: 'giveUp',
  rangeNotSatisfiable: 'giveUp',
  unsupportedMedia: 'giveUp',
  rejected: 'giveUp',
  // Another writer was first: the next try sees what it wrote.
  stale: 'retry',
  overloaded: 'retry',
  notReady: 'retry',
  unavailable: 'retry',
  deadlinePassed: 'retry',
  // On the way or at rest, only another download tells.
  damaged: 'retry',
} as const satisfies Record<FailureKind, 'giveUp' | 'retry'>;

/** Whether a message whose handling failed of this is done with all the same. */
export function isGivenUp(error: unknown): boolean {
  return error instanceof ServingError && NEXT[error.failure.kind] === 'giveUp';
}

/**
 * The one catch at the message edge, for queues, blobs and timers. Resolves when the message is
 * done with, rejects to make the host deliver it again; a bug is retried too.
 */
export async function runMessage(
  { name }: { readonly name: string },
  context: Context,
  run: () => Promise<void>,
): Promise<void> {
  try {
    await run();
  } catch (error) {
    if (!(error instanceof ServingError)) {
      context.error(`${name}: a bug, to be tried again: ${stackOf(error)}`);
      throw error;
    }
    const { kind } = error.failure;
    const cause = error.cause === undefined ? '' : `; cause: ${stackOf(error.cause)}`;
    if (!isGivenUp(error)) {
      context.warn(`${name}: ${kind}, to be tried again: ${error.message}${cause}`);
      throw error;
    }
    context.error(`${name}: ${kind}, given up: ${error.message}${cause}`);
  }
}
