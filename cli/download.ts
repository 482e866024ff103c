import { access, constants, open, rename, rm, stat } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { CommandFailure, codeOf, messageOf, UsageError } from './failure.ts';
import { openProgress, type Progress, transferNote } from './progress.ts';
import { isBroken, LONG, pauseMs } from './retrying.ts';
import type { Server } from './server.ts';
import type { Globals, Terminal } from './terminal.ts';
import { exchange, type Reply, textOf } from './transport.ts';

/** What is fetched. */
interface Place {
  readonly path: string;
  readonly signal?: AbortSignal | undefined;
}

/** Takes the bytes of a download in their order. */
export type Take = (chunk: Uint8Array) => Promise<void>;

/** @throws UsageError unless a file can be made at `path` */
export async function checkWritable(path: string): Promise<void> {
  const folder = dirname(resolve(path));
  try {
    await access(folder, constants.W_OK);
  } catch (error) {
    const why = codeOf(error) === 'ENOENT' ? 'there is no such folder' : messageOf(error);
    throw new UsageError(`${path}: ${folder}: ${why}`);
  }
  const found = await stat(path).catch(() => undefined);
  if (found?.isDirectory()) throw new UsageError(`${path}: expected a file, it is a folder`);
}

/** Writes beside `path` and renames at the end: whoever reads it sees all of it or what was there. */
export async function intoFile(path: string, fill: (take: Take) => Promise<void>): Promise<void> {
  const temporary = `${path}.${process.pid}.part`;
  const file = await open(temporary, 'w');
  try {
    try {
      await fill(async (chunk) => {
        await file.writeFile(chunk);
      });
    } finally {
      await file.close();
    }
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    if (codeOf(error) === 'ENOSPC') throw new CommandFailure(`${path}: the disk is full`);
    throw error;
  }
}

/**
 * Fetches what lies at `path` of the server, or where it sends us for it. A connection that breaks
 * is taken up again at the byte where it broke, if it is the same file still.
 * @throws Refusal, CommandFailure
 */
export async function download(
  server: Server,
  globals: Globals,
  from: Place & { readonly label: string },
  take: Take,
): Promise<void> {
  const progress = await openProgress(globals, from.label);
  try {
    await new Download(server, globals.terminal, from).run(progress, take);
  } finally {
    progress.end();
  }
}

class Download {
  readonly #server: Server;
  readonly #terminal: Terminal;
  readonly #from: Place;
  #bytes = 0;
  #total: number | undefined;
  #etag: string | undefined;

  constructor(server: Server, terminal: Terminal, from: Place) {
    this.#server = server;
    this.#terminal = terminal;
    this.#from = from;
  }

  async run(progress: Progress, take: Take): Promise<void> {
    const { signal } = this.#from;
    const begun = this.#terminal.now();
    for (let attempt = 1; ; attempt++) {
      const before = this.#bytes;
      try {
        const reply = await this.#open();
        for await (const chunk of reply.body as AsyncIterable<Uint8Array>) {
          signal?.throwIfAborted();
          await take(chunk);
          this.#bytes += chunk.byteLength;
          const total = this.#total ?? this.#bytes;
          const seconds = (this.#terminal.now() - begun) / 1_000;
          progress.show(this.#bytes / total, transferNote({ bytes: this.#bytes, total, seconds }));
        }
        if (this.#total === undefined || this.#bytes === this.#total) return;
        throw broken('the answer ended early');
      } catch (error) {
        signal?.throwIfAborted();
        if (error instanceof CommandFailure) throw error;
        if (this.#bytes > before) attempt = 1;
        if (attempt >= LONG.attempts || !isBroken(error, LONG)) {
          throw new CommandFailure(`download: ${messageOf(error)}`, { cause: error });
        }
      }
      await this.#terminal.sleep(pauseMs(attempt + 1, undefined, this.#terminal.now()), signal);
    }
  }

  async #open(): Promise<Reply> {
    const { path, signal } = this.#from;
    const headers: Record<string, string> =
      this.#bytes === 0
        ? {}
        : {
            range: `bytes=${this.#bytes}-`,
            ...(this.#etag !== undefined && { 'if-range': this.#etag }),
          };
    const accept = { accept: '*/*' };
    let reply = await this.#server.open({
      method: 'GET',
      path,
      headers: { ...accept, ...headers },
      patience: LONG,
      signal,
    });
    const { location } = reply.headers;
    if (reply.status >= 300 && location !== undefined) {
      reply.body.resume();
      // Without the key: the URL carries its own permission.
      const url = this.#server.resolve(location);
      reply = await exchange({ method: 'GET', url, headers: { ...accept, ...headers }, signal });
      if (reply.status >= 300) {
        await textOf(reply);
        const message = `download from ${url.host}: the answer was ${reply.status}`;
        if (reply.status >= 500) throw broken(message);
        throw new CommandFailure(message);
      }
    }
    this.#expectRest(reply);
    return reply;
  }

  /** @throws CommandFailure when what comes is not what follows the bytes that are there */
  #expectRest({ status, headers, body }: Reply): void {
    const length = headers['content-length'];
    if (this.#bytes === 0) {
      this.#total = length === undefined ? undefined : Number(length);
      this.#etag = headers.etag;
      return;
    }
    const first = /^bytes (\d+)-/.exec(headers['content-range'] ?? '')?.[1];
    const isSame = headers.etag === this.#etag;
    if (status === 206 && isSame && Number(first) === this.#bytes) return;
    body.destroy();
    throw new CommandFailure('download: the connection broke, and the rest could not be fetched');
  }
}

/** An error as of a connection that broke. */
function broken(message: string): Error {
  return Object.assign(new Error(message), { code: 'ECONNRESET' });
}
