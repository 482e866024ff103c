import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import {
  bearerTokenAuthenticationPolicy,
  createDefaultHttpClient,
  createHttpHeaders,
  createPipelineFromOptions,
  createPipelineRequest,
  type HttpClient,
  type Pipeline,
  type PipelineResponse,
} from '@azure/core-rest-pipeline';
import type { TokenCredential } from '@azure/identity';
import { type IngestionEndpoint, isSafe } from './telemetry-connection.ts';

const compressed = promisify(gzip);

/** What became of the items of a request. */
export interface Tracked {
  /** Indexes of those that may be sent again; of the others nothing more is to be done. */
  readonly later: ReadonlySet<number>;
  /** How many were refused for good, and why the first of them was. */
  readonly refused: number;
  readonly why?: string | undefined;
}

/** Nothing of a request was taken, and all of it may be sent again. */
export class NotTaken extends Error {
  override readonly name = 'NotTaken';
  /** The service asked to be left alone for so long. */
  readonly retryAfterMs: number;

  constructor(why: string, retryAfterMs = 0, cause?: unknown) {
    super(`telemetry was not taken: ${why}`, { cause });
    this.retryAfterMs = retryAfterMs;
  }
}

export interface IngestionOptions {
  readonly endpoint: IngestionEndpoint;
  readonly credential?: TokenCredential | undefined;
  /** Of one request. */
  readonly timeoutMs: number;
  readonly httpClient?: HttpClient | undefined;
}

/** An item's status that says that another time may do; as the service's protocol has them. */
const FOR_NOW = new Set([401, 403, 408, 429, 439, 500, 502, 503, 504]);
/** A request's status that says that no time will. */
const FOR_GOOD = new Set([400, 413]);
const MOST_REDIRECTS = 3;
/** Of what the service says, in a log. */
const MOST_WHY = 200;

/**
 * Posts items to the ingestion service: lines of JSON, gzipped. Retries nothing: what the service
 * did not take is the caller's to keep.
 */
export class Ingestion {
  readonly #endpoint: IngestionEndpoint;
  readonly #timeoutMs: number;
  readonly #httpClient: HttpClient;
  readonly #pipeline: Pipeline;
  /** Where the service sent us. */
  #trackUrl: string;

  constructor({ endpoint, credential, timeoutMs, httpClient }: IngestionOptions) {
    this.#endpoint = endpoint;
    this.#trackUrl = endpoint.trackUrl;
    this.#timeoutMs = timeoutMs;
    this.#httpClient = httpClient ?? createDefaultHttpClient();
    this.#pipeline = createPipelineFromOptions({
      retryOptions: { maxRetries: 0 },
      redirectOptions: { maxRetries: 0 },
      userAgentOptions: { userAgentPrefix: 'pilotlight' },
    });
    if (credential) {
      const scopes = endpoint.scope;
      this.#pipeline.addPolicy(bearerTokenAuthenticationPolicy({ credential, scopes }));
    }
  }

  /** @throws NotTaken */
  async track(lines: readonly string[], signal: AbortSignal): Promise<Tracked> {
    const body = await compressed(lines.join('\n'));
    for (let redirects = 0; ; redirects++) {
      const response = await this.#post(body, signal);
      const { status } = response;
      if (status === 200) return { later: new Set(), refused: 0 };
      if (status === 206) return trackedIn(response, lines.length);
      if (FOR_GOOD.has(status)) {
        return { later: new Set(), refused: lines.length, why: whyOf(response) };
      }
      if ((status === 307 || status === 308) && redirects < MOST_REDIRECTS) {
        if (this.#follow(response.headers.get('location'))) continue;
      }
      throw new NotTaken(whyOf(response), retryAfterMs(response));
    }
  }

  async #post(body: Buffer, signal: AbortSignal): Promise<PipelineResponse> {
    const request = createPipelineRequest({
      url: this.#trackUrl,
      method: 'POST',
      body: new Uint8Array(body.buffer, body.byteOffset, body.byteLength),
      headers: createHttpHeaders({
        'content-type': 'application/x-json-stream',
        'content-encoding': 'gzip',
        accept: 'application/json',
      }),
      // Not `timeout`: its timer outlives a request that was given up, and holds the process.
      abortSignal: AbortSignal.any([signal, AbortSignal.timeout(this.#timeoutMs)]),
      // By http to this machine at most.
      allowInsecureConnection: this.#trackUrl.startsWith('http:'),
    });
    try {
      return await this.#pipeline.sendRequest(this.#httpClient, request);
    } catch (error) {
      // Whoever we were sent to may be gone.
      this.#trackUrl = this.#endpoint.trackUrl;
      const { name, code } = error as { name?: string; code?: string };
      throw new NotTaken(code ?? name ?? 'no connection', 0, error);
    }
  }

  /** Another host of the service, for this and all later requests. */
  #follow(location: string | undefined): boolean {
    if (location === undefined || !URL.canParse(location, this.#trackUrl)) return false;
    const url = new URL(location, this.#trackUrl);
    if (!isSafe(url) || url.protocol !== new URL(this.#trackUrl).protocol) return false;
    this.#trackUrl = url.href;
    return true;
  }
}

interface ItemError {
  readonly index?: unknown;
  readonly statusCode?: unknown;
  readonly message?: unknown;
}

/** Of an answer that can't be read all counts as taken: sent again, it would count twice. */
function trackedIn(response: PipelineResponse, count: number): Tracked {
  const errors = errorsIn(response).filter(
    ({ index, message }) =>
      Number.isInteger(index) &&
      Number(index) >= 0 &&
      Number(index) < count &&
      !isSampledOut(message),
  );
  const isLater = ({ statusCode }: ItemError) => FOR_NOW.has(Number(statusCode));
  const refused = errors.filter((error) => !isLater(error));
  return {
    later: new Set(errors.filter(isLater).map(({ index }) => Number(index))),
    refused: refused.length,
    why: refused[0] && textOf(refused[0]),
  };
}

/** The resource's own sampling left it out, whatever status says so: it would do so again. */
function isSampledOut(message: unknown): boolean {
  return typeof message === 'string' && message.toLowerCase() === 'telemetry sampled out.';
}

function errorsIn({ bodyAsText }: PipelineResponse): readonly ItemError[] {
  try {
    const { errors } = JSON.parse(bodyAsText ?? '') as { errors?: unknown };
    return Array.isArray(errors) ? (errors as readonly ItemError[]) : [];
  } catch {
    return [];
  }
}

function whyOf(response: PipelineResponse): string {
  const [first] = errorsIn(response);
  return first ? textOf(first) : String(response.status);
}

function textOf({ statusCode, message }: ItemError): string {
  return `${String(statusCode)} ${typeof message === 'string' ? message : ''}`.slice(0, MOST_WHY);
}

/** Seconds or a date; 0 where there is none. */
function retryAfterMs({ headers }: PipelineResponse): number {
  const text = headers.get('retry-after')?.trim() ?? '';
  if (/^\d+$/.test(text)) return Number(text) * 1_000;
  const at = Date.parse(text);
  return Number.isNaN(at) ? 0 : Math.max(0, at - Date.now());
}
