import { hostname } from 'node:os';
import type { TokenCredential } from '@azure/identity';
import type { TelemetryConfig } from '../../config.ts';
import type { Sent, TelemetryBatch } from '../../ports/telemetry.ts';
import { azureCredential } from './clients.ts';
import { parseTelemetryConnection } from './telemetry-connection.ts';
import {
  exceptionEnvelope,
  isTellable,
  metricEnvelope,
  spanEnvelope,
  type Teller,
} from './telemetry-envelopes.ts';
import { Ingestion, type IngestionOptions, NotTaken } from './telemetry-ingestion.ts';

/** Items of a request, and characters of it before they are compressed. */
const MOST_ITEMS = 250;
const MOST_LENGTH = 1_000_000;
/** Of one request, and of all that one batch needs. */
const REQUEST_MS = 10_000;
const SEND_MS = 30_000;
/** Longer than that nobody waits because the service asks for it. */
const MOST_HOLD_MS = 600_000;

export interface SenderOptions extends Partial<Pick<IngestionOptions, 'httpClient' | 'timeoutMs'>> {
  readonly config: Pick<TelemetryConfig, 'connectionString' | 'identity'>;
  readonly warn: (message: string) => void;
  /** Ms that never go back; the process's own clock unless a test brings one. */
  readonly now?: () => number;
  /** The platform's, which says who we are. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Instead of the identity that the app has. */
  readonly credential?: TokenCredential;
}

/** @throws Error when the connection string is none */
export async function openTelemetrySender(options: SenderOptions): Promise<TelemetrySender> {
  const { config, env = process.env, timeoutMs = REQUEST_MS, httpClient } = options;
  const endpoint = parseTelemetryConnection(config.connectionString);
  const credential =
    config.identity && (options.credential ?? (await azureCredential(config.identity.clientId)));
  const ingestion = new Ingestion({ endpoint, credential, timeoutMs, httpClient });
  const teller = {
    instrumentationKey: endpoint.instrumentationKey,
    role: env.WEBSITE_SITE_NAME || 'pilotlight',
    roleInstance: env.WEBSITE_INSTANCE_ID || env.CONTAINER_NAME || hostname(),
  };
  return new TelemetrySender(ingestion, teller, options);
}

/** A metric, span or exception, and the line it is sent as. */
interface Item {
  readonly of: object;
  readonly line: string;
}

/** Sends batches in requests of a bounded size, one after the other. */
export class TelemetrySender {
  readonly #ingestion: Ingestion;
  readonly #teller: Teller;
  readonly #warn: (message: string) => void;
  readonly #now: () => number;
  readonly #closing = new AbortController();
  #holdUntil = 0;
  /** Why nothing was taken the last time: told once. */
  #why = '';

  constructor(
    ingestion: Ingestion,
    teller: Teller,
    { warn, now = () => performance.now() }: Pick<SenderOptions, 'now' | 'warn'>,
  ) {
    this.#ingestion = ingestion;
    this.#teller = teller;
    this.#warn = warn;
    this.#now = now;
  }

  /** As the port has it. @throws NotTaken when nothing was taken */
  async send(batch: TelemetryBatch): Promise<Sent> {
    if (this.#now() < this.#holdUntil) throw new NotTaken('the service asked to wait');
    const signal = AbortSignal.any([this.#closing.signal, AbortSignal.timeout(SEND_MS)]);
    const settled = new Set<object>();
    let refused = 0;
    try {
      for (const items of inRequests(this.#itemsOf(batch))) {
        const lines = items.map(({ line }) => line);
        const tracked = await this.#ingestion.track(lines, signal);
        const { later, why = '' } = tracked;
        if (tracked.refused > 0) {
          this.#warn(`telemetry: ${tracked.refused} items were refused for good: ${why}`);
        }
        refused += tracked.refused;
        for (const [index, { of }] of items.entries()) if (!later.has(index)) settled.add(of);
      }
    } catch (error) {
      if (!(error instanceof NotTaken)) throw error;
      this.#holdUntil = this.#now() + Math.min(error.retryAfterMs, MOST_HOLD_MS);
      if (error.message !== this.#why) this.#warn(error.message);
      this.#why = error.message;
      if (settled.size === 0) throw error;
      return { left: without(settled, batch), refused };
    }
    this.#why = '';
    return { left: without(settled, batch), refused };
  }

  /** What is being sent is given up. */
  close(): void {
    this.#closing.abort();
  }

  /** One by one: a request's worth is written at a time, and the event loop goes on between. */
  *#itemsOf(batch: TelemetryBatch): Generator<Item> {
    const teller = this.#teller;
    for (const of of batch.metrics.filter(isTellable)) {
      yield { of, line: JSON.stringify(metricEnvelope(of, batch.to, teller)) };
    }
    for (const of of batch.spans) yield { of, line: JSON.stringify(spanEnvelope(of, teller)) };
    for (const of of batch.exceptions) {
      yield { of, line: JSON.stringify(exceptionEnvelope(of, teller)) };
    }
  }
}

function* inRequests(items: Iterable<Item>): Generator<Item[]> {
  let request: Item[] = [];
  let length = 0;
  for (const item of items) {
    if (request.length === MOST_ITEMS || length + item.line.length > MOST_LENGTH) {
      if (request.length > 0) yield request;
      request = [];
      length = 0;
    }
    request.push(item);
    length += item.line.length;
  }
  if (request.length > 0) yield request;
}

/** What is left of a batch; undefined: nothing. */
function without(settled: ReadonlySet<object>, batch: TelemetryBatch): TelemetryBatch | undefined {
  const isLeft = (each: object) => !settled.has(each);
  const metrics = batch.metrics.filter((point) => isTellable(point) && isLeft(point));
  const spans = batch.spans.filter(isLeft);
  const exceptions = batch.exceptions.filter(isLeft);
  if (metrics.length + spans.length + exceptions.length === 0) return undefined;
  return { ...batch, metrics, spans, exceptions };
}
