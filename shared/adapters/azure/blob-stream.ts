import { Readable } from 'node:stream';
import type { BlockBlobClient, BlockBlobUploadStreamOptions } from '@azure/storage-blob';
import { ServingError } from '../../errors.ts';
import { MAX_BLOCKS } from '../blob-limits.ts';

/** Makes blobs of up to 400 GB. */
const BLOCK_BYTES = 8 << 20;
/** Blocks held in memory at once. */
const PARALLEL = 2;

/** What a stream threw while it was written; `cause` is what. */
export class ContentFailure extends Error {
  override readonly name = 'ContentFailure';
}

/**
 * Writes a stream as a blob, in blocks; whoever writes the same name at the same time may make it
 * fail with 400 or 412. No time limit: it is the stream's to set.
 * @throws ContentFailure (the stream's, or ServingError `tooLarge` beyond `maxBytes`), the SDK's errors
 */
export async function writeStream(
  client: BlockBlobClient,
  content: AsyncIterable<Uint8Array>,
  { maxBytes, ...options }: BlockBlobUploadStreamOptions & { readonly maxBytes: number },
): Promise<{ etag: string; bytes: number }> {
  const most = Math.min(maxBytes, BLOCK_BYTES * MAX_BLOCKS);
  let bytes = 0;
  const seen: { failure?: ContentFailure } = {};
  async function* counted(): AsyncGenerator<Uint8Array> {
    try {
      for await (const chunk of content) {
        bytes += chunk.byteLength;
        if (bytes > most) throw tooLarge(client.name, most);
        yield chunk;
      }
    } catch (error) {
      seen.failure = new ContentFailure('the content failed', { cause: error });
      throw error;
    }
  }
  const readable = Readable.from(counted(), { objectMode: false });
  try {
    const { etag } = await client.uploadStream(readable, BLOCK_BYTES, PARALLEL, options);
    if (etag === undefined) throw new Error(`blob ${client.name}: the service told no ETag`);
    return { etag, bytes };
  } catch (error) {
    // What the SDK throws then is not always what the stream threw.
    throw seen.failure ?? error;
  } finally {
    readable.destroy();
  }
}

function tooLarge(name: string, maxBytes: number): ServingError {
  return new ServingError({
    kind: 'tooLarge',
    detail: `blob ${name}: expected at most ${maxBytes} bytes, there are more`,
  });
}
