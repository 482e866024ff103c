import { messageOf, ServingError } from '../../errors.ts';

const RETRY_AFTER_SECONDS = 5;
/** The service is there and says no for a while; roles take minutes to arrive after a deployment. */
const PASSING = new Set([401, 403, 408, 429]);

/** The HTTP status that an Azure SDK error carries; undefined when no answer came. */
export function statusOf(error: unknown): number | undefined {
  const { statusCode } = error as { statusCode?: unknown };
  return typeof statusCode === 'number' ? statusCode : undefined;
}

/** The service's own name for an error, such as `ContainerNotFound`. */
export function codeOf(error: unknown): string | undefined {
  const { details, code } = error as { details?: { errorCode?: unknown }; code?: unknown };
  if (typeof details?.errorCode === 'string') return details.errorCode;
  return typeof code === 'string' ? code : undefined;
}

/**
 * What to throw for an error of a storage call: `unavailable` where no answer came or waiting helps;
 * anything else is a bug of ours and stays what it is. `doing` says what failed.
 */
export function storageFailure(error: unknown, doing: string): unknown {
  if (error instanceof ServingError || error instanceof TypeError || error instanceof RangeError) {
    return error;
  }
  const status = statusOf(error);
  if (status !== undefined && status < 500 && !PASSING.has(status)) return error;
  return new ServingError(
    {
      kind: 'unavailable',
      detail: `storage: ${doing} failed: ${firstLine(messageOf(error))}`,
      retryAfterSeconds: RETRY_AFTER_SECONDS,
    },
    { cause: error },
  );
}

/** The SDK's messages go on with the whole request, its signature included. */
function firstLine(text: string): string {
  return text.split('\n', 1)[0]?.slice(0, 200) ?? '';
}
