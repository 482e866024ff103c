import { messageOf } from '../shared/errors.ts';

/** An error for a log line; the storage SDKs' messages go on with the request, signature included. */
export function firstLineOf(error: unknown): string {
  return messageOf(error).split('\n', 1)[0]?.slice(0, 300) ?? '';
}
