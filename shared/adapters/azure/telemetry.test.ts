import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import {
  INSTRUMENTATION_KEY,
  type IngestionServer,
  type Received,
  startIngestionServer,
} from '../../../test/stand-ins/ingestion-server.ts';
import type { MetricPoint, TelemetryBatch } from '../../ports/telemetry.ts';
import { createAzureTelemetry } from './telemetry.ts';

// Over the wire, to a server that answers as the ingestion service may.

let server: IngestionServer;
let warnings: string[];
let now: number;
beforeEach(async () => {
  server = await startIngestionServer();
  warnings = [];
  now = 1_000_000;
});
afterEach(async () => {
  jest.restoreAllMocks();
  await server.close();
});

function open({ connectionString = server.connectionString, timeoutMs = 5_000 } = {}) {
  return createAzureTelemetry({
    config: { connectionString, identity: undefined },
    warn: (message) => warnings.push(message),
    now: () => now,
    env: { WEBSITE_SITE_NAME: 'scores', WEBSITE_INSTANCE_ID: 'i-1' },
    timeoutMs,
  });
}

const requests = (model: string, count: number): MetricPoint => ({
  name: 'pilotlight.requests',
  dimensions: { model },
  count,
  sum: count,
  min: 1,
  max: 1,
});

function batch(different: Partial<TelemetryBatch> = {}): TelemetryBatch {
  const ids = { traceId: 'a'.repeat(32), spanId: 'b'.repeat(16) };
  return {
    from: 0,
    to: Date.parse('2026-01-02T03:04:05.006Z'),
    metrics: [requests('digits', 3)],
    spans: [{ ...ids, name: 'infer', startedAt: 0, ms: 2, attributes: {}, sampledOf: 1 }],
    exceptions: [
      { ...ids, at: 0, kind: 'damaged', type: 'ServingError', stack: '    at f', attributes: {} },
    ],
    ...different,
  };
}

const many = (count: number): TelemetryBatch =>
  batch({ metrics: Array.from({ length: count }, (_, i) => requests(`m${i}`, i + 1)) });

const TAKEN = { left: undefined, refused: 0 };

const kinds = (items: readonly Received[]) => items.map(({ data }) => data.baseType);
const ALL = ['MetricData', 'RemoteDependencyData', 'ExceptionData'];

describe('a batch', () => {
  test('is one gzipped request of lines to the endpoint of the connection string', async () => {
    expect(await open().send(batch())).toEqual(TAKEN);
    expect(kinds(server.taken)).toEqual(ALL);
    expect(server.requests).toHaveLength(1);
    expect(server.requests[0]).toMatchObject({
      path: '/v2.1/track',
      headers: { 'content-type': 'application/x-json-stream', 'content-encoding': 'gzip' },
    });
    for (const item of server.taken) {
      expect(item).toMatchObject({
        iKey: INSTRUMENTATION_KEY,
        tags: { 'ai.cloud.role': 'scores', 'ai.cloud.roleInstance': 'i-1' },
      });
    }
  });

  test('of many items is several requests, each item once', async () => {
    const long = 'x'.repeat(8_000);
    const spans = Array.from({ length: 600 }, (_, i) => ({
      ...{ traceId: 'a'.repeat(32), spanId: String(i).padStart(16, '0') },
      ...{ name: 'infer', startedAt: 0, ms: 1, sampledOf: 1, attributes: { long } },
    }));
    await open().send({ ...many(700), spans });
    expect(server.taken).toHaveLength(1_301);
    expect(new Set(server.taken.map((item) => JSON.stringify(item))).size).toBe(1_301);
    for (const { items } of server.requests) {
      expect(items.length).toBeLessThanOrEqual(250);
      expect(JSON.stringify(items).length).toBeLessThan(1_010_000);
    }
  });

  test('that holds nothing sends nothing', async () => {
    const nothing = { ...requests('digits', 0), min: Infinity, max: -Infinity };
    const empty = { spans: [], exceptions: [] };
    expect(await open().send(batch({ metrics: [nothing], ...empty }))).toEqual(TAKEN);
    expect(server.requests).toHaveLength(0);
  });
});

describe('what the service does not take', () => {
  test.each([401, 403, 404, 408, 429, 439, 500, 502, 503])(
    'with %i is not taken',
    async (status) => {
      const sink = open();
      server.answer({ status });
      await expect(sink.send(batch())).rejects.toThrow(`telemetry was not taken: ${status}`);
      expect(server.requests).toHaveLength(1);
      expect(await sink.send(batch())).toEqual(TAKEN);
      expect(kinds(server.taken)).toEqual(ALL);
    },
  );

  test('for good is left out, and told', async () => {
    server.answer({ status: 400 });
    expect(await open().send(batch())).toEqual({ left: undefined, refused: 3 });
    expect(warnings).toEqual(['telemetry: 3 items were refused for good: 400 is 400']);
  });

  test('in part comes back, without what can never be taken', async () => {
    const sink = open();
    const status: Record<string, number> = { MetricData: 429, ExceptionData: 400 };
    server.answer({ status: 206, itemStatus: ({ data }) => status[data.baseType] });
    const { left, refused } = await sink.send(batch());
    expect([left, refused]).toEqual([{ ...batch(), spans: [], exceptions: [] }, 1]);
    expect(warnings).toEqual(['telemetry: 1 items were refused for good: 400 is 400']);
    expect(left && (await sink.send(left))).toEqual(TAKEN);
    expect(kinds(server.taken)).toEqual(['RemoteDependencyData', 'MetricData']);
  });

  test.each([206, 500])('because the resource samples is done with: %i', async (statusCode) => {
    const errors = [{ index: 1, statusCode, message: 'Telemetry sampled out.' }];
    const sink = createAzureTelemetry({
      config: { connectionString: server.connectionString, identity: undefined },
      warn: (message) => warnings.push(message),
      httpClient: {
        sendRequest: async (request) => {
          const bodyAsText = JSON.stringify({ itemsReceived: 3, itemsAccepted: 2, errors });
          return await Promise.resolve({
            ...{ request, headers: request.headers },
            ...{ status: 206, bodyAsText },
          });
        },
      },
    });
    expect(await sink.send(batch())).toEqual(TAKEN);
    expect(warnings).toEqual([]);
  });

  test('of several requests comes back, and each count arrives once', async () => {
    const sink = open();
    const sent = many(900);
    server.answer({ status: 200 }, { status: 500 });
    let { left } = await sink.send(sent);
    expect(left?.metrics).toHaveLength(650);
    server.answer({ status: 206, itemStatus: (item) => (sumOf(item) % 2 ? 503 : undefined) });
    for (let times = 0; times < 2; times++) left = left && (await sink.send(left)).left;
    expect(left).toBeUndefined();
    const sums = server.taken.filter(({ data }) => data.baseType === 'MetricData').map(sumOf);
    expect(sums.sort((a, b) => a - b)).toEqual(sent.metrics.map(({ sum }) => sum));
    expect(server.taken).toHaveLength(902);
  });

  test('because nobody answers is given up in time', async () => {
    server.answer('hang');
    await expect(open({ timeoutMs: 200 }).send(batch())).rejects.toThrow('not taken');
  });

  test('because nobody is there, or hangs up, is not taken', async () => {
    server.answer('reset');
    const sink = open();
    await expect(sink.send(batch())).rejects.toThrow('not taken: ECONNRESET');
    await server.close();
    await expect(sink.send(batch())).rejects.toThrow('not taken: ECONNREFUSED');
    server = await startIngestionServer();
  });

  test('for a while is not offered meanwhile', async () => {
    const sink = open();
    server.answer({ status: 429, headers: { 'retry-after': '60' } });
    await expect(sink.send(batch())).rejects.toThrow('429');
    now += 59_000;
    await expect(sink.send(batch())).rejects.toThrow('asked to wait');
    expect(server.requests).toHaveLength(1);
    now += 1_001;
    expect(await sink.send(batch())).toEqual(TAKEN);
  });

  test('for a while is offered after it though the clock was set back', async () => {
    const sink = createAzureTelemetry({
      config: { connectionString: server.connectionString, identity: undefined },
      warn: () => undefined,
    });
    server.answer({ status: 439, headers: { 'retry-after': '1' } });
    await expect(sink.send(batch())).rejects.toThrow('439');
    const today = Date.now();
    jest.spyOn(Date, 'now').mockImplementation(() => today - 86_400_000);
    await expect(sink.send(batch())).rejects.toThrow('asked to wait');
    await new Promise((resolve) => setTimeout(resolve, 1_010));
    expect(await sink.send(batch())).toEqual(TAKEN);
  });

  test('at the end is given up by close', async () => {
    const sink = open({ timeoutMs: 60_000 });
    server.answer('hang');
    const sending = sink.send(batch());
    while (server.requests.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    await sink.close();
    await expect(sending).rejects.toThrow('not taken: AbortError');
  });
});

describe('a redirect', () => {
  test('to another host of the service is followed, and kept', async () => {
    const other = await startIngestionServer();
    const sink = open();
    server.answer({ status: 308, headers: { location: `${other.url}/v2.1/track` } });
    await sink.send(batch());
    await sink.send(batch());
    expect([server.requests.length, other.requests.length]).toEqual([1, 2]);
    await other.close();
    await expect(sink.send(batch())).rejects.toThrow('not taken');
    expect(await sink.send(batch())).toEqual(TAKEN);
    expect(server.requests).toHaveLength(2);
  });

  test('elsewhere, in the open or without end is not', async () => {
    const back = { status: 307, headers: { location: '/v2.1/track' } };
    server.answer({ status: 308, headers: { location: 'http://example.com/v2.1/track' } });
    await expect(open().send(batch())).rejects.toThrow('308');
    server.answer(...Array.from({ length: 10 }, () => back));
    await expect(open().send(batch())).rejects.toThrow('307');
    expect(server.requests.length).toBeLessThan(6);
  });
});

test('a connection string that is none is told once, and nothing of it', async () => {
  const secret = 'InstrumentationKey=hush;IngestionEndpoint=https://example.com';
  const sink = open({ connectionString: secret });
  const why =
    'APPLICATIONINSIGHTS_CONNECTION_STRING: expected an InstrumentationKey that is a GUID';
  for (let times = 0; times < 2; times++) await expect(sink.send(batch())).rejects.toThrow(why);
  expect(warnings).toEqual([why]);
});

test('by identity a token for the service goes with each request', async () => {
  const asked: unknown[] = [];
  const headers: (string | undefined)[] = [];
  const sink = createAzureTelemetry({
    config: {
      connectionString: `InstrumentationKey=${INSTRUMENTATION_KEY};IngestionEndpoint=https://example.com/;AADAudience=https://monitor.azure.us/`,
      identity: {},
    },
    warn: (message) => warnings.push(message),
    now: () => now,
    credential: {
      getToken: async (scope) => {
        asked.push(scope);
        return await Promise.resolve({ token: 'a-token', expiresOnTimestamp: Date.now() + 3.6e6 });
      },
    },
    // By https, which no server here speaks.
    httpClient: {
      sendRequest: async (request) => {
        headers.push(request.headers.get('authorization'));
        return await Promise.resolve({ request, status: 200, headers: request.headers });
      },
    },
  });
  await sink.send(batch());
  await sink.send(batch());
  expect(asked.flat()).toEqual(['https://monitor.azure.us/.default']);
  expect(headers).toEqual(['Bearer a-token', 'Bearer a-token']);
});

function sumOf({ data }: Received): number {
  const [metric] = (data.baseData.metrics ?? []) as { value: number }[];
  return metric?.value ?? 0;
}
