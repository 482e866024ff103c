import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Answer } from '../functions/trigger.ts';
import type { HttpBody } from './http-body.ts';

// An upload nobody read is taken and thrown away, so that its sender gets to read the answer; the
// connection of one that goes on longer than this is cut.
const MAX_DRAIN_BYTES = 268_435_456;
const MAX_DRAIN_MS = 5_000;
// Less than this costs less than a new connection.
const SMALL_REST_BYTES = 1_048_576;
// What the system takes at once, whoever reads it.
const SMALL_ANSWER_BYTES = 65_536;

interface Exchange {
  readonly incoming: IncomingMessage;
  readonly outgoing: ServerResponse;
  readonly body: HttpBody;
  /** The caller sends its body only when invited. */
  readonly waits: boolean;
}

/**
 * Writes an answer to the socket; resolves when it has been handed to the system, or the caller has
 * left. A stream that ends before its Content-Length cuts the connection.
 */
export async function sendAnswer(exchange: Exchange, answer: Answer): Promise<void> {
  const { incoming, outgoing, body } = exchange;
  body.letGo();
  const unread = !incoming.complete && body.declaredBytes !== 0;
  const invited = !exchange.waits || body.asked;
  if (unread && !invited) outgoing.setHeader('connection', 'close');
  const drained = unread && invited && (body.declaredBytes ?? Infinity) > SMALL_REST_BYTES;
  if (drained) outgoing.setHeader('connection', 'close');
  else if (unread && invited) incoming.resume();

  if (answer.body instanceof ReadableStream) {
    outgoing.writeHead(answer.status, answer.headers);
    if (!(await pump(answer.body, outgoing, lengthOf(answer.headers)))) {
      // What was written is still sent. An end would look like the whole.
      setImmediate(() => outgoing.socket?.destroySoon());
      return;
    }
  } else {
    const { status, body: content = '' } = answer;
    const length = typeof content === 'string' ? Buffer.byteLength(content) : content.byteLength;
    const headers: string[] = [];
    for (const name in answer.headers) headers.push(name, answer.headers[name] as string);
    if (status !== 204 && status !== 304) headers.push('content-length', String(length));
    outgoing.writeHead(status, headers);
    if (!drained && length <= SMALL_ANSWER_BYTES) {
      outgoing.end(content);
      return;
    }
    if (length === 0) outgoing.flushHeaders();
    // Once it has ended, a server that closes takes its connection for idle and cuts it.
    else if (!outgoing.write(content) && !drained) await taken(outgoing);
  }
  if (drained) await drain(incoming);
  outgoing.end();
}

/** False when not everything that was promised could be sent. */
async function pump(
  stream: ReadableStream<Uint8Array>,
  outgoing: ServerResponse,
  promised: number | undefined,
): Promise<boolean> {
  const reader = stream.getReader();
  const left = new AbortController();
  outgoing.once('close', () => {
    left.abort();
  });
  let sent = 0;
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return promised === undefined || sent === promised;
      if (outgoing.destroyed) break;
      sent += value.byteLength;
      if (!outgoing.write(value)) await once(outgoing, 'drain', { signal: left.signal });
    }
  } catch {
    // Either side broke off; the status is sent, so all that can be said is an early end.
  }
  await reader.cancel().catch(() => undefined);
  return false;
}

/** Resolves when the system has taken what was written, or the caller has left. */
async function taken(outgoing: ServerResponse): Promise<void> {
  if (outgoing.destroyed) return;
  await new Promise<void>((done) => {
    outgoing.once('drain', done).once('close', done);
  });
}

function lengthOf(headers: Answer['headers']): number | undefined {
  const entry = Object.entries(headers ?? {}).find(([name]) => /^content-length$/i.test(name));
  return entry && Number(entry[1]);
}

async function drain(incoming: IncomingMessage): Promise<void> {
  let bytes = 0;
  await new Promise<void>((done) => {
    const timer = setTimeout(done, MAX_DRAIN_MS);
    const stop = () => {
      clearTimeout(timer);
      done();
    };
    incoming.on('data', (chunk: Buffer) => {
      bytes += chunk.byteLength;
      if (bytes > MAX_DRAIN_BYTES) stop();
    });
    incoming.once('end', stop).once('close', stop);
  });
}
