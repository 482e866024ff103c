import { pipeline, Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { messageOf, ServingError } from '../errors.ts';

/** Whether bytes begin as gzip does; two of them are enough to tell. */
export function isGzip(head: Uint8Array): boolean {
  return head[0] === 0x1f && head[1] === 0x8b;
}

/**
 * Inflates gzip, several members in a row too, as it comes. @throws ServingError `malformed`
 * (damaged, or it ends early), `tooLarge` beyond `maxBytes` inflated, and what `source` throws
 */
export async function* inflated(
  source: AsyncIterable<Uint8Array>,
  { maxBytes }: { maxBytes: number },
): AsyncGenerator<Uint8Array> {
  const gunzip = createGunzip();
  // What fails on the way destroys the inflater, whose reader below is told.
  pipeline(Readable.from(source, { objectMode: false }), gunzip, () => undefined);
  let bytes = 0;
  try {
    for await (const block of gunzip as AsyncIterable<Buffer>) {
      bytes += block.byteLength;
      if (bytes > maxBytes) {
        throw new ServingError({
          kind: 'tooLarge',
          detail: `gzip: it is larger than ${maxBytes} bytes once inflated`,
        });
      }
      yield block;
    }
  } catch (error) {
    throw isZlib(error) ? malformed(error) : error;
  } finally {
    gunzip.destroy();
  }
}

function isZlib(error: unknown): error is NodeJS.ErrnoException {
  return /^Z_/.test(String((error as NodeJS.ErrnoException).code));
}

function malformed(cause: NodeJS.ErrnoException): ServingError {
  const what =
    cause.code === 'Z_BUF_ERROR' ? 'it ends early' : `it is damaged: ${messageOf(cause)}`;
  return new ServingError({ kind: 'malformed', detail: `gzip: ${what}` }, { cause });
}
