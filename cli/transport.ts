import { request as httpRequest, type IncomingHttpHeaders, type IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { CommandFailure } from './failure.ts';

/** What is sent: bytes, or a stream of known length that is opened anew for every attempt. */
export type Body = Uint8Array | { readonly bytes: number; readonly open: () => Readable };

export interface Exchange {
  readonly method: string;
  readonly url: URL;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Body;
  readonly signal?: AbortSignal | undefined;
}

export interface Reply {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  /** Must be read or destroyed. */
  readonly body: IncomingMessage;
}

/** A connection on which nothing moves for so long is given up. */
const SILENCE_MS = 300_000;

/**
 * One HTTP request, redirects not followed. Over node:http, because fetch ends an upload whose
 * answer takes more than five minutes to begin, however steadily its bytes go out.
 * @throws the system's errors (`ECONNREFUSED`, …), the signal's reason
 */
export async function exchange(asked: Exchange): Promise<Reply> {
  const { method, url, headers = {}, body, signal } = asked;
  signal?.throwIfAborted();
  const length = body instanceof Uint8Array ? body.byteLength : body?.bytes;
  const send = url.protocol === 'https:' ? httpsRequest : httpRequest;
  const outgoing = send(url, {
    method,
    headers: {
      ...headers,
      ...((length !== undefined || method !== 'GET') && { 'content-length': String(length ?? 0) }),
    },
    ...(signal && { signal }),
  });
  outgoing.setTimeout(SILENCE_MS, () => {
    outgoing.destroy(new CommandFailure(`${url.origin}: nothing came for ${SILENCE_MS / 1_000} s`));
  });
  const replied = new Promise<Reply>((resolve, reject) => {
    outgoing.once('response', (incoming) => {
      resolve({ status: incoming.statusCode ?? 0, headers: incoming.headers, body: incoming });
    });
    // Stays: a server that has answered may close before all of the body went out.
    outgoing.on('error', reject);
  });
  if (body === undefined || body instanceof Uint8Array) {
    outgoing.end(body);
    return await replied.catch((error: unknown) => {
      signal?.throwIfAborted();
      throw error;
    });
  }
  // What ends the sending is told by the answer, when there is one.
  const sent = pipeline(body.open(), outgoing).then(
    () => replied,
    (error: unknown) => Promise.race([replied, Promise.reject(error as Error)]),
  );
  return await Promise.race([replied, sent]).catch((error: unknown) => {
    signal?.throwIfAborted();
    throw error;
  });
}

/** All of a reply's body, as text. @throws CommandFailure beyond `maxBytes` */
export async function textOf(reply: Reply, maxBytes = 1_000_000_000): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of reply.body as AsyncIterable<Uint8Array>) {
    bytes += chunk.byteLength;
    if (bytes > maxBytes) {
      reply.body.destroy();
      throw new CommandFailure(`the server's answer has more than ${maxBytes} bytes`);
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}
