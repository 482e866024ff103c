import { once } from 'node:events';
import {
  createServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type ServerResponse,
} from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { gunzipSync } from 'node:zlib';

/** A telemetry item as it came over the wire. */
export interface Received {
  readonly name: string;
  readonly time: string;
  readonly sampleRate?: number;
  readonly iKey: string;
  readonly tags: Readonly<Record<string, string>>;
  readonly data: {
    readonly baseType: string;
    readonly baseData: Readonly<Record<string, unknown>>;
  };
}

export interface TrackRequest {
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  /** All that it held, taken or not. */
  readonly items: readonly Received[];
  /** What it was answered; undefined: nothing, it hangs. */
  readonly status: number | undefined;
}

/** How to answer a request. Items are taken by 200, and by 206 but for those with a status. */
export type Answer =
  | { readonly status: 200 }
  | { readonly status: 206; readonly itemStatus: (item: Received) => number | undefined }
  | { readonly status: number; readonly headers?: Readonly<Record<string, string>> }
  | 'hang'
  | 'reset';

/** The ingestion endpoint of Application Insights, as far as its protocol says. */
export interface IngestionServer {
  readonly url: string;
  readonly connectionString: string;
  /** What was taken, in order. */
  readonly taken: readonly Received[];
  readonly requests: readonly TrackRequest[];
  /** Answers the next requests so, one each; then 200 again. */
  answer(...answers: Answer[]): void;
  /** Resolves once `condition` holds of what was taken. @throws Error after `ms` */
  until(condition: (taken: readonly Received[]) => boolean, ms?: number): Promise<void>;
  close(): Promise<void>;
}

export const INSTRUMENTATION_KEY = '00000000-1111-2222-3333-444444444444';

/** Serves on a free port of the loopback interface. */
export async function startIngestionServer(): Promise<IngestionServer> {
  const taken: Received[] = [];
  const requests: TrackRequest[] = [];
  const answers: Answer[] = [];
  const watchers = new Set<() => void>();

  const track = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const items = itemsIn(request.headers, await buffer(request));
    const answer = answers.shift() ?? { status: 200 };
    const status = typeof answer === 'string' ? undefined : answer.status;
    requests.push({ path: request.url ?? '', headers: request.headers, items, status });
    if (typeof answer === 'string') {
      if (answer === 'reset') request.socket.resetAndDestroy();
      return;
    }
    const itemStatus = 'itemStatus' in answer ? answer.itemStatus : () => undefined;
    const isTaken = answer.status === 200 || 'itemStatus' in answer;
    const errors = items.flatMap((item, index) => {
      const statusCode = isTaken ? itemStatus(item) : answer.status;
      return statusCode === undefined ? [] : [{ index, statusCode, message: `is ${statusCode}` }];
    });
    const refused = new Set(errors.map(({ index }) => index));
    taken.push(...items.filter((_, index) => !refused.has(index)));
    const itemsAccepted = items.length - errors.length;
    response
      .writeHead(answer.status, {
        'content-type': 'application/json',
        ...('headers' in answer && answer.headers),
      })
      .end(JSON.stringify({ itemsReceived: items.length, itemsAccepted, errors }));
    for (const watcher of watchers) watcher();
  };

  const server = createServer((request, response) => {
    track(request, response).catch((error: unknown) => {
      response.writeHead(400).end(String(error));
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    url,
    connectionString: `InstrumentationKey=${INSTRUMENTATION_KEY};IngestionEndpoint=${url}/;LiveEndpoint=${url}/live`,
    taken,
    requests,
    answer(...more) {
      answers.push(...more);
    },
    async until(condition, ms = 30_000) {
      await new Promise<void>((resolve, reject) => {
        const end = (settle: () => void) => {
          clearTimeout(timer);
          watchers.delete(look);
          settle();
        };
        const look = () => {
          if (condition(taken)) end(resolve);
        };
        const timer = setTimeout(() => {
          end(() => {
            reject(new Error(`not taken within ${ms} ms; what was:\n${tellings(taken)}`));
          });
        }, ms);
        watchers.add(look);
        look();
      });
    },
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

/** Lines of JSON, or one array of it. @throws Error when it is neither */
function itemsIn(headers: IncomingHttpHeaders, body: Buffer): Received[] {
  const text = (headers['content-encoding'] === 'gzip' ? gunzipSync(body) : body).toString('utf8');
  if (headers['content-type'] !== 'application/x-json-stream') {
    return JSON.parse(text) as Received[];
  }
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Received);
}

/** What was taken, shortly. */
function tellings(taken: readonly Received[]): string {
  const counts = new Map<string, number>();
  for (const { data, tags } of taken) {
    const {
      metrics,
      name,
      properties = {},
    } = data.baseData as {
      metrics?: { name: string }[];
      name?: string;
      properties?: Record<string, string>;
    };
    const { sketch: _, ...by } = properties;
    const what = metrics ? `${metrics[0]?.name ?? ''} ${JSON.stringify(by)}` : (name ?? '');
    const telling = `${data.baseType} ${what} ${metrics ? '' : (tags['ai.operation.id'] ?? '')}`;
    counts.set(telling, (counts.get(telling) ?? 0) + 1);
  }
  return [...counts].map(([telling, times]) => `${times} × ${telling}`).join('\n');
}
