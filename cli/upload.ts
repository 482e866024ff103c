import { createReadStream } from 'node:fs';
import { basename } from 'node:path';
import { Transform } from 'node:stream';
import { required, textAt } from './document.ts';
import { CommandFailure, messageOf, UsageError } from './failure.ts';
import type { InputFile } from './input-file.ts';
import { openProgress, transferNote } from './progress.ts';
import { isBroken, LONG, type Patience, pauseMs, USUAL } from './retrying.ts';
import type { Server } from './server.ts';
import type { Globals } from './terminal.ts';
import { type Body, exchange, textOf } from './transport.ts';

/** Up to here a file goes up as one; beyond, a part that breaks is all that is sent again. */
const MAX_SINGLE_BYTES = 64 * 1024 * 1024;
const BLOCK_BYTES = 32 * 1024 * 1024;
const BLOCKS_AT_ONCE = 4;
const PATIENCE: Patience = { ...LONG, attempts: 6 };
const RETRIED = new Set([408, 429, 500, 502, 503, 504]);
const MAX_NAME_LENGTH = 200;
const MAX_MESSAGE_BYTES = 100_000;

/**
 * Puts a file into storage and answers the blob's name for the calls that refer to it. It goes
 * straight to Blob Storage, by the write-only URL that POST /uploads gives.
 * @throws Refusal, CommandFailure
 */
export async function upload(
  server: Server,
  globals: Globals,
  { path, bytes }: InputFile,
  signal?: AbortSignal,
): Promise<string> {
  if (bytes === 0) throw new UsageError(`${path}: expected a file with something in it`);
  const { document: grant } = await server.call({
    method: 'POST',
    path: '/uploads',
    headers: { 'content-type': 'application/json' },
    body: Buffer.from(JSON.stringify({ name: safeName(path), bytes })),
    patience: USUAL,
    signal,
  });
  const blob = required(grant, 'blob', 'POST /uploads');
  const url = required(grant, 'url', 'POST /uploads');
  const progress = await openProgress(globals, 'uploading');
  const { terminal } = globals;
  const begun = terminal.now();
  let moved = 0;
  const move = (step: number): void => {
    moved += step;
    const seconds = (terminal.now() - begun) / 1_000;
    progress.show(moved / bytes, transferNote({ bytes: moved, total: bytes, seconds }));
  };
  // The rest of the parts end with the first that fails.
  const failed = new AbortController();
  const stops = signal ? AbortSignal.any([signal, failed.signal]) : failed.signal;
  const put = new Put({ url: server.resolve(url), terminal, signal: stops, move });
  try {
    if (bytes <= MAX_SINGLE_BYTES) {
      await put.send('', filePart(path, 0, bytes), { 'x-ms-blob-type': 'BlockBlob' });
    } else {
      await putBlocks(put, path, bytes);
    }
  } catch (error) {
    failed.abort(error);
    signal?.throwIfAborted();
    const until = textAt(grant, 'expiresAt');
    if (until === undefined || !(terminal.now() > Date.parse(until))) throw error;
    throw new CommandFailure(
      `${messageOf(error)}; the upload took longer than its URL was valid (until ${until})`,
      { cause: error },
    );
  } finally {
    progress.end();
  }
  return blob;
}

async function putBlocks(put: Put, path: string, bytes: number): Promise<void> {
  const ids = Array.from({ length: Math.ceil(bytes / BLOCK_BYTES) }, (_, i) =>
    Buffer.from(String(i).padStart(6, '0')).toString('base64'),
  );
  let next = 0;
  const lane = async (): Promise<void> => {
    for (let i = next++; i < ids.length; i = next++) {
      const start = i * BLOCK_BYTES;
      const part = filePart(path, start, Math.min(start + BLOCK_BYTES, bytes));
      await put.send(`comp=block&blockid=${encodeURIComponent(ids[i] ?? '')}`, part);
    }
  };
  await Promise.all(Array.from({ length: BLOCKS_AT_ONCE }, lane));
  const latest = ids.map((id) => `<Latest>${id}</Latest>`).join('');
  const list = `<?xml version="1.0" encoding="utf-8"?><BlockList>${latest}</BlockList>`;
  await put.send('comp=blocklist', Buffer.from(list), { 'content-type': 'application/xml' });
}

interface Grant {
  readonly url: URL;
  readonly terminal: Globals['terminal'];
  readonly signal: AbortSignal;
  /** Hears how many bytes of the file went out, less than zero for those that go again. */
  readonly move: (bytes: number) => void;
}

/** PUTs to a granted URL until they go well. */
class Put {
  readonly #of: Grant;

  constructor(of: Grant) {
    this.#of = of;
  }

  /** `query` is added to the URL's own. */
  async send(query: string, body: Body, headers: Record<string, string> = {}): Promise<void> {
    const { terminal, signal } = this.#of;
    for (let attempt = 1; ; attempt++) {
      let retryAfter: string | undefined;
      try {
        const answer = await this.#once(query, body, headers);
        if (answer === undefined) return;
        const isOver = attempt >= PATIENCE.attempts || !RETRIED.has(answer.status);
        if (isOver) throw new CommandFailure(`storage refused the upload: ${answer.message}`);
        retryAfter = answer.retryAfter;
      } catch (error) {
        signal.throwIfAborted();
        if (error instanceof CommandFailure) throw error;
        if (attempt >= PATIENCE.attempts || !isBroken(error, PATIENCE)) {
          // The host alone: the URL carries its permission.
          const { host } = this.#of.url;
          throw new CommandFailure(`upload to ${host}: ${messageOf(error)}`, { cause: error });
        }
      }
      await terminal.sleep(pauseMs(attempt + 1, retryAfter, terminal.now()), signal);
    }
  }

  /** Undefined when it went well. */
  async #once(query: string, body: Body, headers: Record<string, string>) {
    const { url, signal, move } = this.#of;
    const target = new URL(url);
    if (query) target.search += `${target.search ? '&' : ''}${query}`;
    let out = 0;
    const counted =
      body instanceof Uint8Array
        ? body
        : countedBody(body, (step) => {
            out += step;
            move(step);
          });
    let isDone = false;
    try {
      const reply = await exchange({ method: 'PUT', url: target, headers, body: counted, signal });
      const text = await textOf(reply, MAX_MESSAGE_BYTES);
      isDone = reply.status < 300;
      if (isDone) return undefined;
      const retryAfter = reply.headers['retry-after'];
      return { status: reply.status, message: storageMessage(reply.status, text), retryAfter };
    } finally {
      if (!isDone) move(-out);
    }
  }
}

/** Bytes [start, end) of a file. */
function filePart(path: string, start: number, end: number): Body {
  // `end` of a read stream is the last byte's place.
  return { bytes: end - start, open: () => createReadStream(path, { start, end: end - 1 }) };
}

function countedBody(
  body: Exclude<Body, Uint8Array>,
  passed: (bytes: number) => void,
): Exclude<Body, Uint8Array> {
  const open = () => {
    const source = body.open();
    const counter = new Transform({
      transform(chunk: Uint8Array, _, done) {
        passed(chunk.byteLength);
        done(null, chunk);
      },
    });
    source.on('error', (error) => counter.destroy(error));
    counter.on('close', () => source.destroy());
    return source.pipe(counter);
  };
  return { bytes: body.bytes, open };
}

/** Blob Storage explains itself in XML. */
function storageMessage(status: number, text: string): string {
  const code = /<Code>([^<]*)<\/Code>/.exec(text)?.[1];
  const message = /<Message>([^<]*)/.exec(text)?.[1]?.split('\n', 1)[0];
  return [status, code, message].filter((part) => part !== undefined && part !== '').join(' ');
}

/** A file's own name in the characters that POST /uploads takes. */
function safeName(path: string): string {
  const name = basename(path)
    .replace(/[^A-Za-z0-9._-]+/g, '_')
    .slice(-MAX_NAME_LENGTH);
  return /^[._]*$/.test(name) ? 'file' : name;
}
