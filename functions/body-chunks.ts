import { messageOf, ServingError } from '../shared/errors.ts';
import { declaredLength, tooLarge } from './content-length.ts';
import type { Request } from './trigger.ts';

/**
 * The body as it arrives, counted. Leaving early does not cancel the request: that would close the
 * connection which the answer needs; the host reads off what still comes.
 * @throws ServingError `tooLarge`, `malformed` when it ends early
 */
export async function* bodyChunks(
  request: Pick<Request, 'headers' | 'body'>,
  maxBytes: number,
): AsyncGenerator<Uint8Array> {
  const declared = declaredLength(request, maxBytes);
  let bytes = 0;
  try {
    for await (const chunk of request.body?.values({ preventCancel: true }) ?? []) {
      bytes += chunk.byteLength;
      if (bytes > maxBytes) throw tooLarge('has more', maxBytes);
      yield chunk;
    }
  } catch (error) {
    if (error instanceof ServingError) throw error;
    throw brokenOff(messageOf(error), error);
  }
  if (declared !== undefined && bytes !== declared) {
    throw brokenOff(`expected the ${declared} bytes of Content-Length, got ${bytes}`);
  }
}

function brokenOff(why: string, cause?: unknown): ServingError {
  return new ServingError(
    { kind: 'malformed', detail: `body: could not be read to its end: ${why}` },
    { cause },
  );
}
