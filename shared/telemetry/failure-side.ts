import { type FailureKind, ServingError } from '../errors.ts';

/** What work failed of; `bug`: something that should not have happened. */
export type Outcome = FailureKind | 'bug';

/** Who has to do something about a failure; a new one does not compile until it stands here. */
const SIDES = {
  malformed: 'caller',
  unauthenticated: 'caller',
  forbidden: 'caller',
  notFound: 'caller',
  conflict: 'caller',
  lengthRequired: 'caller',
  tooLarge: 'caller',
  stale: 'caller',
  rangeNotSatisfiable: 'caller',
  unsupportedMedia: 'caller',
  rejected: 'caller',
  // Told by metrics: an exception each would be the more load, the more there is.
  overloaded: 'caller',
  notReady: 'us',
  unavailable: 'us',
  deadlinePassed: 'us',
  damaged: 'us',
  bug: 'us',
} as const satisfies Record<Outcome, 'caller' | 'us'>;

export function outcomeOf(error: unknown): Outcome {
  return error instanceof ServingError ? error.failure.kind : 'bug';
}

export function isOurs(outcome: Outcome): boolean {
  return SIDES[outcome] === 'us';
}
