import { messageOf, ServingError } from '../../errors.ts';

const RETRY_AFTER_SECONDS = 2;
/** Timeout, partition moved, throttled, retry with; and roles take minutes to arrive (401, 403). */
const PASSING = new Set([401, 403, 408, 410, 429, 449]);
/** Cosmos: the container itself is missing, not the document. */
export const OWNER_MISSING = 1003;

/** The HTTP status that an error of the Cosmos SDK carries; undefined when no answer came. */
export function cosmosStatus(error: unknown): number | undefined {
  const { code } = error as { code?: unknown };
  return typeof code === 'number' ? code : undefined;
}

/**
 * What to throw for an error of a Cosmos call: `unavailable` where no answer came or waiting helps;
 * anything else is a bug of ours and stays what it is. `doing` says what failed.
 */
export function cosmosFailure(error: unknown, doing: string): unknown {
  if (error instanceof ServingError) return error;
  const status = cosmosStatus(error);
  const passing = status === undefined ? isOutside(error) : status >= 500 || PASSING.has(status);
  if (!passing) return error;
  return unavailable(`${doing} failed: ${firstLine(messageOf(error))}`, error);
}

/** The failure of a registry that doesn't answer as it should. */
export function unavailable(detail: string, cause?: unknown): ServingError {
  const ms = (cause as { retryAfterInMs?: unknown } | undefined)?.retryAfterInMs;
  const seconds = typeof ms === 'number' ? Math.ceil(ms / 1000) : 0;
  return new ServingError(
    {
      kind: 'unavailable',
      detail: `registry: ${detail}`,
      retryAfterSeconds: Math.max(RETRY_AFTER_SECONDS, seconds),
    },
    { cause },
  );
}

/** Network errors and time-outs have a code that is text, failures to sign in a name of their own. */
function isOutside(error: unknown): boolean {
  const { code, name } = error as { code?: unknown; name?: unknown };
  return typeof code === 'string' || /Credential|Authentication|Abort/.test(String(name));
}

/** The SDK's messages go on with headers and diagnostics. */
function firstLine(text: string): string {
  return text.split('\n', 1)[0]?.slice(0, 200) ?? '';
}
