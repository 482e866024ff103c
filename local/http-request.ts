import type { IncomingMessage } from 'node:http';
import type { Request } from '../functions/trigger.ts';
import type { HttpBody } from './http-body.ts';

/** A request of node:http as handlers see it; what they don't ask for is not made. */
export class HttpRequest implements Request {
  readonly method: string;
  readonly params: Readonly<Record<string, string>>;
  readonly headers: Request['headers'];
  readonly #incoming: IncomingMessage;
  readonly #body: HttpBody;
  #query: URLSearchParams | undefined;

  constructor(
    incoming: IncomingMessage,
    body: HttpBody,
    params: Readonly<Record<string, string>> = {},
  ) {
    this.#incoming = incoming;
    this.#body = body;
    this.params = params;
    this.method = incoming.method ?? 'GET';
    this.headers = { get: (name) => headerOf(incoming, name) };
  }

  get url(): string {
    const target = this.#incoming.url ?? '/';
    if (!target.startsWith('/')) return target;
    return `http://${this.#incoming.headers.host ?? '127.0.0.1'}${target}`;
  }

  get query(): URLSearchParams {
    this.#query ??= new URLSearchParams(splitTarget(this.#incoming.url).search);
    return this.#query;
  }

  get body(): ReadableStream<Uint8Array> | null {
    return this.#body.stream();
  }

  bytes(alignedAt?: number): Promise<Uint8Array> {
    return this.#body.read(alignedAt);
  }
}

/** The request line's target: the path still encoded, and what follows its `?`. */
export function splitTarget(target = '/'): { path: string; search: string } {
  // `GET http://host/path HTTP/1.1` is what a proxy is sent.
  const local = target.startsWith('/') ? target : target.replace(/^[a-z]+:\/\/[^/?]*/i, '');
  const mark = local.indexOf('?');
  return mark < 0
    ? { path: local, search: '' }
    : { path: local.slice(0, mark), search: local.slice(mark + 1) };
}

function headerOf({ headers }: IncomingMessage, name: string): string | null {
  const key = name.toLowerCase();
  const value = Object.hasOwn(headers, key) ? headers[key] : undefined;
  return Array.isArray(value) ? value.join(', ') : (value ?? null);
}
