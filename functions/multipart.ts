import { once } from 'node:events';
import type { Readable } from 'node:stream';
import { Busboy, type BusboyInstance } from '@fastify/busboy';
import { messageOf, ServingError } from '../shared/errors.ts';
import { quoted } from '../shared/ids.ts';

const LIMITS = { headerPairs: 32, headerSize: 8 * 1024 };

/**
 * Reads `multipart/form-data` (RFC 7578) as it arrives: `take` gets each part in turn and reads its
 * content to the end. What it throws ends the reading; whoever still reads a part then gets the
 * same error. @throws ServingError `malformed`, and what `take` and `body` throw
 */
export async function readMultipart(
  body: AsyncIterable<Uint8Array>,
  contentType: string,
  take: (name: string, content: AsyncIterable<Uint8Array>) => Promise<void>,
): Promise<void> {
  const parser = parserFor(contentType);
  const parts: Readable[] = [];
  const taken: Promise<void>[] = [];
  const broken = new Promise<never>((_, reject) => {
    parser.on('error', (error) => {
      reject(malformed(messageOf(error)));
    });
    parser.on('file', (name: string | undefined, content) => {
      // The parser tells a part that it ended early by the event alone, which nobody may hear yet.
      content.on('error', (error: Error) => content.destroy(error));
      parts.push(content);
      const taking = take(name ?? '', content);
      taken.push(taking);
      taking.catch(reject);
    });
  });
  broken.catch(() => undefined);

  try {
    const chunks = body[Symbol.asyncIterator]();
    for (;;) {
      const next = await Promise.race([chunks.next(), broken]);
      if (next.done) break;
      if (!parser.write(next.value)) await Promise.race([once(parser, 'drain'), broken]);
    }
    const finished = once(parser, 'finish');
    parser.end();
    await Promise.race([finished, broken]);
    await Promise.all(taken);
  } catch (error) {
    for (const part of parts) part.destroy(error as Error);
    await Promise.allSettled(taken);
    throw error;
  }
}

function parserFor(contentType: string): BusboyInstance {
  try {
    const headers = { 'content-type': contentType };
    return new Busboy({ headers, limits: LIMITS, isPartAFile: () => true });
  } catch (error) {
    throw malformed(`${messageOf(error)}; Content-Type: ${quoted(contentType)}`);
  }
}

function malformed(why: string): ServingError {
  return new ServingError({ kind: 'malformed', detail: `multipart body: ${why}` });
}
