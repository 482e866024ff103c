import { ServingError } from '../errors.ts';

/**
 * Whether a request that reached a version failed by the version's doing: all but what the caller
 * got wrong by the signature or the protocol, and what the instance had no room for.
 */
export function isVersionError(error: unknown): boolean {
  if (!(error instanceof ServingError)) return true;
  const { failure } = error;
  switch (failure.kind) {
    case 'overloaded':
    case 'tooLarge':
    case 'unsupportedMedia':
      return false;
    case 'malformed':
      return failure.atRun === true;
    default:
      return true;
  }
}
