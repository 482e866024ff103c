import { randomUUID } from 'node:crypto';
import { request as httpRequest } from 'node:http';

// Stands in for the built-in module `@azure/functions-core` and for the Functions host behind it:
// what `@azure/functions` 4.16 asks of them, as the real ones do it (HTTP proxied and over gRPC).

export interface Binding {
  readonly type: string;
  readonly direction: string;
  readonly [setting: string]: unknown;
}
interface Metadata {
  readonly name: string;
  readonly bindings: Readonly<Record<string, Binding>>;
}
type Callback = (...args: unknown[]) => unknown;
/** A value as it crosses gRPC. */
export type RpcValue = Readonly<Record<string, unknown>>;
interface InvocationModel {
  getArguments(): Promise<{ context: unknown; inputs: unknown[] }>;
  invokeFunction(context: unknown, inputs: unknown[], callback: Callback): Promise<unknown>;
  getResponse(context: unknown, result: unknown): Promise<{ returnValue?: RpcValue | null }>;
}
interface Model {
  getInvocationModel(invocation: unknown): InvocationModel;
  getCapabilities(capabilities: object): Promise<{ HttpUri?: string }>;
}

export interface HttpCall {
  readonly method: string;
  /** Absolute, as the caller sees it. */
  readonly url: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Route parameters, as the host's router finds them. */
  readonly params?: Readonly<Record<string, string>>;
  readonly body?: Uint8Array;
  /** Of the host's own work, above the invocation. */
  readonly traceParent?: string;
}
export interface HttpResult {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
}

export class FunctionsCore {
  readonly functions = new Map<string, { metadata: Metadata; callback: Callback }>();
  readonly logs: string[] = [];
  readonly #hooks = new Map<string, Callback[]>();
  #model: Model | undefined;
  #httpUri: string | undefined;
  #started = false;

  /** What `require('@azure/functions-core')` answers. */
  readonly api = {
    version: '3.11.0',
    hostVersion: '4.1038.0',
    setProgrammingModel: (model: Model) => {
      this.#model = model;
    },
    registerFunction: (metadata: Metadata, callback: Callback) => {
      if (this.#started) throw new Error('a function can only be registered during app startup');
      if (this.functions.has(metadata.name)) throw new Error(`registered twice: ${metadata.name}`);
      this.functions.set(metadata.name, { metadata, callback });
      return { dispose: () => undefined };
    },
    registerHook: (name: string, callback: Callback) => {
      this.#hooks.set(name, [...(this.#hooks.get(name) ?? []), callback]);
      return { dispose: () => undefined };
    },
    log: (level: string, category: string, text: string) => {
      this.logs.push(`${level} ${category} ${text}`);
    },
  };

  /** The app has loaded: from now on nothing can be registered. Answers whether HTTP is proxied. */
  async start(): Promise<boolean> {
    this.#started = true;
    if (!this.#model) throw new Error('the app registered no function');
    this.#httpUri = (await this.#model.getCapabilities({})).HttpUri;
    return this.#httpUri !== undefined;
  }

  async terminate(): Promise<void> {
    for (const hook of this.#hooks.get('appTerminate') ?? []) await hook({});
  }

  /** Rejects where the real host would leave the caller hanging. */
  async invokeHttp(name: string, call: HttpCall): Promise<HttpResult> {
    return this.#httpUri === undefined
      ? await this.#overGrpc(name, call)
      : await this.#proxied(name, call, this.#httpUri);
  }

  /** Rejects where the real host would deliver again. */
  async invoke(
    name: string,
    data: RpcValue,
    triggerMetadata: Record<string, RpcValue> = {},
    traceParent?: string,
  ) {
    return await this.#run(name, randomUUID(), { data, triggerMetadata, traceParent });
  }

  async #run(
    name: string,
    invocationId: string,
    request: {
      data: RpcValue;
      triggerMetadata: Record<string, RpcValue>;
      traceParent?: string | undefined;
    },
  ) {
    const found = this.functions.get(name);
    if (!found || !this.#model) throw new Error(`no such function: ${name}`);
    const trigger = Object.entries(found.metadata.bindings).find(([, b]) => b.direction === 'in');
    const invocation = this.#model.getInvocationModel({
      invocationId,
      metadata: found.metadata,
      state: 'invocation',
      request: {
        inputData: [{ name: trigger?.[0], data: request.data }],
        triggerMetadata: request.triggerMetadata,
        ...(request.traceParent && { traceContext: { traceParent: request.traceParent } }),
      },
      log: this.api.log,
    });
    const { context, inputs } = await invocation.getArguments();
    const result = await invocation.invokeFunction(context, inputs, found.callback);
    return await invocation.getResponse(context, result);
  }

  async #overGrpc(name: string, call: HttpCall): Promise<HttpResult> {
    const query = Object.fromEntries(new URL(call.url).searchParams);
    const chunked = call.headers?.['transfer-encoding'] !== undefined;
    const http = {
      method: call.method,
      url: call.url,
      headers: call.headers ?? {},
      params: call.params ?? {},
      query,
      ...(call.body && !chunked && { body: { bytes: call.body } }),
    };
    const { traceParent } = call;
    const request = { data: { http }, triggerMetadata: {}, traceParent };
    const response = await this.#run(name, randomUUID(), request);
    const answer = response.returnValue?.http as
      | { statusCode: string; headers: Record<string, string>; body?: { bytes?: Uint8Array } }
      | undefined;
    if (!answer) throw new Error(`${name} answered nothing`);
    const body = answer.body?.bytes ?? new Uint8Array(0);
    return { status: Number(answer.statusCode), headers: answer.headers, body };
  }

  async #proxied(name: string, call: HttpCall, httpUri: string): Promise<HttpResult> {
    const invocationId = randomUUID();
    const url = new URL(call.url);
    // The host's binding data: the query too, below the route's parameters.
    const triggerMetadata: Record<string, RpcValue> = {
      Query: { json: JSON.stringify(Object.fromEntries(url.searchParams)) },
      Headers: { json: JSON.stringify(call.headers ?? {}) },
    };
    for (const [key, value] of [...url.searchParams, ...Object.entries(call.params ?? {})]) {
      triggerMetadata[key] = { string: value };
    }
    const answered = new Promise<HttpResult>((resolve, reject) => {
      const outgoing = httpRequest(new URL(`${url.pathname}${url.search}`, httpUri), {
        method: call.method,
        agent: false,
        headers: {
          ...call.headers,
          'x-ms-invocation-id': invocationId,
          'x-forwarded-host': url.host,
          'x-forwarded-proto': url.protocol.slice(0, -1),
        },
      });
      outgoing.on('error', reject);
      outgoing.on('response', (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('error', reject);
        response.on('end', () => {
          const headers = Object.entries(response.headers).map(([k, v]) => [k, String(v)] as const);
          resolve({
            status: response.statusCode ?? 0,
            headers: Object.fromEntries(headers),
            body: Buffer.concat(chunks),
          });
        });
      });
      outgoing.end(call.body);
    });
    const { traceParent } = call;
    const request = { data: { http: {} }, triggerMetadata, traceParent };
    const ran = this.#run(name, invocationId, request);
    const [result] = await Promise.all([answered, ran]);
    return result;
  }
}
