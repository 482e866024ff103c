import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { answerHttp } from '../functions/http.ts';
import { problemAnswer } from '../functions/problem.ts';
import type { Answer, HttpFunction } from '../functions/trigger.ts';
import type { App } from '../shared/compose.ts';
import { quoted } from '../shared/ids.ts';
import { sendAnswer } from './http-answer.ts';
import { HttpBody } from './http-body.ts';
import { answerClientError } from './http-client-error.ts';
import { HttpRequest, splitTarget } from './http-request.ts';
import { Invocation, type Log } from './invocation.ts';
import { type Route, Router } from './router.ts';
import type { SignIn } from './sign-in.ts';

const MAX_HEADER_BYTES = 32_768;
const KEEP_ALIVE_MS = 75_000;

interface HttpListenerSettings {
  readonly functions: readonly HttpFunction[];
  readonly app: App;
  readonly routePrefix: string;
  /** Says who callers are; absent: nobody does. */
  readonly signIn?: SignIn | undefined;
  readonly log: Log;
  /** Whether requests are not told of. */
  readonly quiet: boolean;
  /** Called when an answer was 202: work has been left for a queue. */
  readonly onAccepted: () => void;
}

/** Serves HTTP functions as the Functions host does. */
export class HttpListener {
  readonly #settings: HttpListenerSettings;
  readonly #router: Router;
  readonly #server: Server;
  #inFlight = 0;
  #stopping = false;
  #onIdle: () => void = () => undefined;

  constructor(settings: HttpListenerSettings) {
    this.#settings = settings;
    this.#router = new Router(settings.functions, settings.routePrefix);
    this.#server = createServer({
      joinDuplicateHeaders: true,
      keepAlive: true,
      keepAliveTimeout: KEEP_ALIVE_MS,
      maxHeaderSize: MAX_HEADER_BYTES,
    });
    this.#server.on('request', (incoming, outgoing) => this.#serve(incoming, outgoing, false));
    this.#server.on('checkContinue', (incoming, outgoing) => this.#serve(incoming, outgoing, true));
    this.#server.on('clientError', answerClientError);
  }

  /** Answers the port. Rejects with the system's error, such as EADDRINUSE. */
  async listen(port: number, hostname: string): Promise<number> {
    this.#server.listen(port, hostname);
    await once(this.#server, 'listening');
    return (this.#server.address() as AddressInfo).port;
  }

  /** Takes no more connections, and resolves when what is in flight has been answered. */
  async stop(): Promise<void> {
    this.#stopping = true;
    this.#server.close();
    this.#server.closeIdleConnections();
    if (this.#inFlight > 0) {
      await new Promise<void>((done) => {
        this.#onIdle = done;
      });
    }
    this.#server.closeIdleConnections();
  }

  /** Cuts what connections are left. */
  cut(): void {
    this.#server.closeAllConnections();
  }

  async #serve(incoming: IncomingMessage, outgoing: ServerResponse, waits: boolean): Promise<void> {
    const begun = performance.now();
    this.#inFlight += 1;
    // A socket that breaks is seen by who reads or writes; unheard, it would end the process.
    outgoing.on('error', () => undefined);
    const { path } = splitTarget(incoming.url);
    const method = incoming.method ?? '?';
    let status = 0;
    let left = false;
    try {
      const body = new HttpBody(incoming, this.#settings.app.bodyPool, () => {
        if (waits) outgoing.writeContinue();
      });
      const answer = await this.#answer(incoming, body, path);
      status = answer.status;
      left = outgoing.destroyed;
      if (this.#stopping) outgoing.setHeader('connection', 'close');
      await sendAnswer({ incoming, outgoing, body, waits }, answer);
    } catch (error) {
      this.#settings.log(`error: ${method} ${path}: ${String(error)}`);
      outgoing.destroy();
    } finally {
      if (!this.#settings.quiet) {
        const ms = (performance.now() - begun).toFixed(1);
        this.#settings.log(
          `${method} ${path} ${status} ${ms} ms${left ? ' (the caller had left)' : ''}`,
        );
      }
      if (status === 202) this.#settings.onAccepted();
      this.#inFlight -= 1;
      if (this.#inFlight === 0) this.#onIdle();
    }
  }

  #answer(incoming: IncomingMessage, body: HttpBody, path: string): Answer | Promise<Answer> {
    const { app, log, signIn } = this.#settings;
    const method = incoming.method ?? '';
    let route: Route | undefined;
    try {
      route = this.#router.find(method, path);
    } catch {
      return problemAnswer(new HttpRequest(incoming, body), {
        kind: 'malformed',
        detail: `path: expected percent-escapes of UTF-8, got ${quoted(path)}`,
      });
    }
    if (!route) {
      return problemAnswer(new HttpRequest(incoming, body), {
        kind: 'notFound',
        detail: `nothing answers ${method} ${quoted(path)}`,
      });
    }
    const { definition, params } = route;
    const refusal = signIn?.admit(incoming);
    const request = new HttpRequest(incoming, body, params);
    if (refusal && definition.access !== 'anonymous') return problemAnswer(request, refusal);
    return answerHttp(definition, app, request, new Invocation(definition, log));
  }
}
