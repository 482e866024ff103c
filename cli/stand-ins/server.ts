import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { StandInBatches } from './batches.ts';
import { StandInRollouts } from './rollouts.ts';
import { StandInStorage } from './storage.ts';
import { type Asked, problem, type Told } from './told.ts';

/** What a request gets in place of its answer; 'reset' cuts the connection without one. */
export type Fault = Told | 'reset';

/** A small server of the HTTP interface, with the storage that its upload URLs lead to. */
export class StandInServer {
  readonly asked: Asked[] = [];
  readonly storage = new StandInStorage();
  readonly batches = new StandInBatches(this.storage);
  readonly rollouts = new StandInRollouts();
  /** Answers of further routes, by method and path without query. */
  readonly routes = new Map<string, (asked: Asked) => Told>();
  readonly #faults: { match: RegExp; fault: Fault }[] = [];
  readonly #server: Server;
  origin = '';

  constructor() {
    this.#server = createServer((request, response) => {
      void this.#serve(request, response).catch(() => request.destroy());
    });
  }

  async listen(): Promise<this> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    this.origin = `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
    return this;
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  /** The next request whose `METHOD /path` matches gets this instead. */
  fail(match: RegExp, fault: Fault): void {
    this.#faults.push({ match, fault });
  }

  /** Requests whose `METHOD /path` matches. */
  of(match: RegExp): Asked[] {
    return this.asked.filter(({ method, path }) => match.test(`${method} ${path}`));
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method = '', url: path = '' } = request;
    const chunks: Buffer[] = [];
    for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
    const headers = request.headers as Record<string, string>;
    const asked = { method, path, headers, body: Buffer.concat(chunks) };
    this.asked.push(asked);
    const at = this.#faults.findIndex(({ match }) => match.test(`${method} ${path}`));
    const [found] = at < 0 ? [] : this.#faults.splice(at, 1);
    if (found?.fault === 'reset') {
      request.socket.destroy();
      return;
    }
    send(response, found?.fault ?? this.#answer(asked));
  }

  #answer(asked: Asked): Told {
    const [pathname = ''] = asked.path.split('?', 1);
    const route = this.routes.get(`${asked.method} ${pathname}`);
    if (route) return route(asked);
    if (pathname === '/uploads') return this.storage.grant(asked, this.origin);
    if (pathname.startsWith('/storage/')) return this.storage.answer(asked);
    if (pathname.startsWith('/batches')) return this.batches.answer(asked);
    if (/^\/models\/[^/]+\/rollouts/.test(pathname)) return this.rollouts.answer(asked);
    return problem(404, `there is no ${pathname}`);
  }
}

function send(response: ServerResponse, { status, headers, body, cutAfter }: Told): void {
  const bytes = Buffer.isBuffer(body)
    ? body
    : Buffer.from(typeof body === 'string' ? body : body === undefined ? '' : JSON.stringify(body));
  response.writeHead(status, {
    'content-type': status >= 400 ? 'application/problem+json' : 'application/json',
    'content-length': String(bytes.byteLength),
    ...headers,
  });
  if (cutAfter === undefined) {
    response.end(bytes);
    return;
  }
  response.write(bytes.subarray(0, cutAfter));
  // What was written is read before the end is noticed.
  setTimeout(() => response.socket?.destroy(), 50);
}
