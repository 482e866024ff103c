import { type Document, documentOf, isDocument, textAt } from './document.ts';
import { CommandFailure, codeOf, messageOf, Refusal, UsageError } from './failure.ts';
import { isBroken, type Patience, pauseMs, USUAL } from './retrying.ts';
import type { Terminal } from './terminal.ts';
import { type Body, exchange, type Reply, textOf } from './transport.ts';

/** One call of the public HTTP interface. */
export interface Call {
  readonly method: 'GET' | 'POST' | 'DELETE';
  /** From the root, query included. */
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Body;
  readonly signal?: AbortSignal | undefined;
  /** How often to try what may be done twice; without it a call is made once. */
  readonly patience?: Patience | undefined;
}

/** Statuses after which the same call may go well, and which say when. */
const LATER = new Set([429, 503]);
const MAX_PROBLEM_BYTES = 1_000_000;

/** What a server knows its caller by: a function's key, or a token of Entra ID. */
interface Credentials {
  readonly key: string | undefined;
  readonly token: string | undefined;
}

/** A Pilotlight server, seen through its public HTTP interface. */
export class Server {
  readonly #base: URL;
  readonly #credentials: Credentials;
  readonly #terminal: Pick<Terminal, 'now' | 'sleep'>;

  /** @throws UsageError unless `url` is one of http or https */
  constructor(
    { url, ...credentials }: Credentials & { readonly url: string },
    terminal: Pick<Terminal, 'now' | 'sleep'>,
  ) {
    const base = URL.canParse(url) ? new URL(url) : undefined;
    if (base?.protocol !== 'http:' && base?.protocol !== 'https:') {
      throw new UsageError(`--url: expected something like https://my-app.example, got ${url}`);
    }
    base.pathname = base.pathname.replace(/\/*$/, '/');
    this.#base = base;
    this.#credentials = credentials;
    this.#terminal = terminal;
  }

  /** GETs a document; tried again while the server asks for that. */
  async get(path: string, more: Pick<Call, 'signal' | 'patience'> = {}): Promise<Document> {
    return (await this.call({ method: 'GET', path, patience: USUAL, ...more })).document;
  }

  /** A call that is answered with a JSON object. @throws Refusal, CommandFailure */
  async call(call: Call): Promise<{ status: number; document: Document }> {
    const { status, text } = await this.text(call);
    const parsed = text === '' ? {} : parseJson(text);
    return { status, document: documentOf(parsed, `${call.method} ${call.path}`) };
  }

  /** A call that is answered with text. @throws Refusal, CommandFailure */
  async text(call: Call): Promise<{ status: number; text: string }> {
    return await this.#attempt(call, async (reply) => ({
      status: reply.status,
      text: await textOf(reply),
    }));
  }

  /** A call whose answer's body is left to be read. @throws Refusal, CommandFailure */
  async open(call: Call): Promise<Reply> {
    return await this.#attempt(call, (reply) => Promise.resolve(reply));
  }

  /** Takes a place that an answer named (`Location`), which may be on another host. */
  resolve(location: string): URL {
    return new URL(location, this.#base);
  }

  async #attempt<T>(call: Call, take: (reply: Reply) => Promise<T>): Promise<T> {
    const { patience = { attempts: 1, refused: false }, signal } = call;
    for (let attempt = 1; ; attempt++) {
      const isLast = attempt >= patience.attempts;
      let retryAfter: string | undefined;
      try {
        const reply = await this.#exchange(call);
        if (reply.status < 400) return await take(reply);
        const refusal = await this.#refusal(call, reply);
        if (isLast || !LATER.has(reply.status)) throw refusal;
        retryAfter = reply.headers['retry-after'];
      } catch (error) {
        signal?.throwIfAborted();
        if (error instanceof CommandFailure) throw error;
        if (isLast || !isBroken(error, patience)) throw this.#unreachable(error);
      }
      const pause = pauseMs(attempt + 1, retryAfter, this.#terminal.now());
      await this.#terminal.sleep(pause, signal);
    }
  }

  #exchange(call: Call): Promise<Reply> {
    const { method, path, headers, body, signal } = call;
    const { key, token } = this.#credentials;
    return exchange({
      method,
      url: new URL(path.replace(/^\//, ''), this.#base),
      headers: {
        accept: 'application/json',
        'user-agent': 'pilotlight-cli',
        ...(key !== undefined && { 'x-functions-key': key }),
        ...(token !== undefined && { authorization: `Bearer ${token}` }),
        ...headers,
      },
      ...(body && { body }),
      signal,
    });
  }

  async #refusal({ method, path }: Call, reply: Reply): Promise<Refusal> {
    const { status } = reply;
    const parsed = parseJson(await textOf(reply, MAX_PROBLEM_BYTES));
    const document = isDocument(parsed) ? parsed : undefined;
    const told = document && (textAt(document, 'error') ?? textAt(document, 'detail'));
    const { key, token } = this.#credentials;
    const keyless = key === undefined && token === undefined && (status === 401 || status === 403);
    const hint = keyless
      ? ' (give the key with --key or PILOTLIGHT_KEY, a token with PILOTLIGHT_TOKEN)'
      : '';
    const [pathname = ''] = path.split('?', 1);
    const message = told ?? `${method} ${this.#base.origin}${pathname}: the answer was ${status}`;
    return new Refusal(`${message}${hint}`, { status, document });
  }

  #unreachable(error: unknown): CommandFailure {
    const { origin, hostname } = this.#base;
    switch (codeOf(error)) {
      case 'ECONNREFUSED':
        return new CommandFailure(
          `nothing listens at ${origin}; start the local host with \`npm start\`, or name your server with --url or PILOTLIGHT_URL`,
        );
      case 'ENOTFOUND':
        return new CommandFailure(
          `there is no host ${hostname}; --url or PILOTLIGHT_URL name the server`,
        );
      default:
        return new CommandFailure(`${origin}: ${messageOf(error)}`, { cause: error });
    }
  }
}

/** Undefined when it is no JSON. */
function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
