import type { BlobClient } from '@azure/storage-blob';
import { ServingError } from '../../errors.ts';
import type { PinnedBlob } from '../pinned-blob.ts';
import { statusOf, storageFailure } from './storage-failure.ts';

/** One range takes no longer than this, its retries included. */
const RANGE_TIMEOUT_MS = 60_000;
const READ_ATTEMPTS = 4;

/** Pins a blob by its ETag; undefined when there is none. @throws ServingError `unavailable` */
export async function pinBlob(client: BlobClient): Promise<PinnedBlob | undefined> {
  const state = await stateOf(client);
  return state && pinnedAt(client, state);
}

/** A blob as it was when it had that ETag. */
export function pinnedAt(client: BlobClient, { etag, bytes }: BlobState): PinnedBlob {
  return {
    name: client.name,
    bytes,
    read: (offset, count) => readPinned(client, etag, { offset, count }),
  };
}

interface BlobState {
  readonly etag: string;
  readonly bytes: number;
}

/** A blob as it is now; undefined when there is none. @throws ServingError `unavailable` */
export async function stateOf(
  client: BlobClient,
): Promise<(BlobState & { metadata: Readonly<Record<string, string>> }) | undefined> {
  const properties = await client.getProperties(timeLimit()).catch((error: unknown) => {
    if (statusOf(error) === 404) return undefined;
    throw storageFailure(error, `looking at ${client.name}`);
  });
  if (!properties) return undefined;
  const { etag, contentLength, metadata = {} } = properties;
  if (etag === undefined || contentLength === undefined) {
    throw new Error(`blob ${client.name}: the service told neither its ETag nor its length`);
  }
  return { etag, bytes: contentLength, metadata };
}

/** The SDK repeats a request that failed, but gives up on an answer that breaks off: this goes on. */
async function* readPinned(
  client: BlobClient,
  etag: string,
  { offset, count }: { offset: number; count: number },
): AsyncGenerator<Uint8Array> {
  const { abortSignal } = timeLimit();
  let got = 0;
  for (let attempt = 1; ; attempt++) {
    try {
      const { readableStreamBody } = await client.download(offset + got, count - got, {
        conditions: { ifMatch: etag },
        abortSignal,
      });
      if (!readableStreamBody) throw new TypeError(`blob ${client.name}: an answer without a body`);
      // Strings would come only if an encoding had been set.
      for await (const chunk of readableStreamBody as AsyncIterable<Buffer>) {
        got += chunk.byteLength;
        yield chunk;
      }
      return;
    } catch (error) {
      const failure = readFailure(client, error);
      const goesOn = failure instanceof ServingError && failure.failure.kind === 'unavailable';
      if (!goesOn || abortSignal.aborted || attempt === READ_ATTEMPTS) throw failure;
      if (got >= count) return;
    }
  }
}

function readFailure(client: BlobClient, error: unknown): unknown {
  const status = statusOf(error);
  if (status !== 412 && status !== 404 && status !== 416) {
    return storageFailure(error, `reading ${client.name}`);
  }
  return new ServingError(
    {
      kind: 'conflict',
      detail: `${client.name}: it was ${status === 404 ? 'removed' : 'changed'} while it was read`,
    },
    { cause: error },
  );
}

function timeLimit(): { abortSignal: AbortSignal } {
  return { abortSignal: AbortSignal.timeout(RANGE_TIMEOUT_MS) };
}
