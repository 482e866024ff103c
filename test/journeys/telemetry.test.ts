import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type IngestionServer, startIngestionServer } from '../stand-ins/ingestion-server.ts';
import { endOf } from './batch-client.ts';
import { sample } from './client.ts';
import { call, endOfRollout, fixtureBytes } from './rollout-client.ts';
import { discard, type RunningHost, startHost } from './running-host.ts';
import { SteadyLoad } from './steady-load.ts';
import { countOf, figures, newTrace, steps, strays, sumOf } from './telemetry-figures.ts';

// What the local host does arrives at Application Insights: each thing once, joined into operations,
// and nothing of what callers sent. The service is a stand-in; it fails now and then.

/** Stands in everything that a caller may send, and must arrive nowhere. */
const SECRET = 'quokka';
const SECRET_HEADERS = {
  'x-routing-key': `${SECRET}-routing`,
  'x-ms-client-principal-name': `${SECRET}-caller`,
  'user-agent': `${SECRET}-agent`,
};

let service: IngestionServer;
let host: RunningHost;
beforeAll(async () => {
  service = await startIngestionServer();
  host = await startHost({
    env: {
      APPLICATIONINSIGHTS_CONNECTION_STRING: service.connectionString,
      PILOTLIGHT_TELEMETRY_FLUSH_MS: '300',
      PILOTLIGHT_TRACES_PER_SECOND: '1000',
      PILOTLIGHT_BATCH_CHUNK_BYTES: '40000',
      PILOTLIGHT_ROUTING_TTL_MS: '100',
      PILOTLIGHT_COUNTERS_FLUSH_MS: '1000',
    },
  });
});
afterAll(async () => {
  await discard(host);
  await service.close();
});

const image = { name: 'image', datatype: 'FP32', shape: [1, 1, 8, 8] };
const request = {
  id: `${SECRET}-request`,
  parameters: { note: `${SECRET}-parameter` },
  inputs: [{ ...image, data: new Array<number>(64).fill(0.5) }],
};

const predict = (model: string, headers: Readonly<Record<string, string>> = {}) =>
  call<{ error?: string }>('POST', `${host.url}/v2/models/${model}/infer`, request, {
    ...SECRET_HEADERS,
    ...headers,
  });

async function register(
  model: string,
  bytes: Uint8Array,
  headers: Readonly<Record<string, string>>,
): Promise<void> {
  const form = new FormData();
  form.set('model', new Blob([Uint8Array.from(bytes)]), `${SECRET}.onnx`);
  form.set('card', JSON.stringify({ description: `${SECRET} card`, owner: `${SECRET}-owner` }));
  const response = await fetch(`${host.url}/models/${model}/versions`, {
    method: 'POST',
    headers: { prefer: 'wait=60', 'idempotency-key': `${SECRET}-key-${model}`, ...headers },
    body: form,
  });
  expect(response.status).toBe(201);
}

test('a registration arrives, from the request to the verdict', async () => {
  const { traceId, spanId, headers } = newTrace();
  await register('digits', await sample('digits'), headers);
  const by = { model: 'digits', outcome: 'ready' };
  await service.until((taken) => sumOf(taken, 'pilotlight.registrations', by) === 1);
  await service.until((taken) => steps(taken, traceId).length >= 2);
  const operation = steps(service.taken, traceId);
  expect(operation.map(({ name }) => name).sort()).toEqual([
    'register-model',
    'validate-registration',
  ]);
  expect(strays(operation, spanId)).toEqual([]);
  expect(operation.every(({ success, type }) => success && type === 'InProc')).toBe(true);
});

test('predictions arrive once each, though the service fails in between', async () => {
  const asked = 40;
  const traces = Array.from({ length: asked }, newTrace);
  service.answer({ status: 500 }, { status: 200 }, 'reset', {
    status: 206,
    itemStatus: ({ data }) => (data.baseType === 'MetricData' ? 503 : undefined),
  });
  for (const { headers } of traces) {
    expect((await predict('digits', headers)).status).toBe(200);
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
  const by = { model: 'digits', version: '1', route: 'production' };
  await service.until((taken) => sumOf(taken, 'pilotlight.requests', by) >= asked);
  await service.until((taken) => traces.every(({ traceId }) => steps(taken, traceId).length > 0));
  expect(service.requests.filter(({ status }) => status !== 200).length).toBeGreaterThanOrEqual(3);
  expect(sumOf(service.taken, 'pilotlight.requests', { ...by, outcome: 'ok' })).toBe(asked);
  for (const name of ['pilotlight.request.ms', 'pilotlight.queue.ms', 'pilotlight.infer.ms']) {
    const found = figures(service.taken, name, by);
    expect(countOf(service.taken, name, by)).toBe(asked);
    for (const { value, count, min, max, by } of found) {
      expect(min).toBeLessThanOrEqual(value / count + 1e-9);
      expect(max).toBeGreaterThanOrEqual(value / count - 1e-9);
      const buckets = Object.values(JSON.parse(by.sketch ?? '{}') as Record<string, number>);
      expect(buckets.reduce((sum, times) => sum + times, 0)).toBe(count);
    }
  }
  for (const { traceId, spanId } of traces) {
    expect(steps(service.taken, traceId)).toMatchObject([
      { name: 'infer', parentId: spanId, success: true, properties: { model: 'digits' } },
    ]);
  }
  expect(sumOf(service.taken, 'pilotlight.rows', { model: 'digits', source: 'http' })).toBe(asked);
  expect(countOf(service.taken, 'pilotlight.coldstart.ms', { phase: 'total' })).toBe(1);
});

test('how the instance does arrives as long as it works', async () => {
  const gauges = ['pilotlight.rss.bytes', 'pilotlight.loop.delay.ms', 'pilotlight.saturation'];
  // It is looked at every second, and not while nothing happens.
  while (!gauges.every((name) => countOf(service.taken, name) > 0)) {
    expect((await predict('digits')).status).toBe(200);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
});

test('what callers did wrong is counted by kind, and is no exception', async () => {
  const url = `${host.url}/v2/models`;
  const malformed = await fetch(`${url}/digits/infer`, { method: 'POST', body: `{"${SECRET}": ` });
  expect(malformed.status).toBe(400);
  expect((await predict(`${SECRET}-model`)).status).toBe(404);
  const early = { 'inference-header-content-length': 'none' };
  expect((await predict(`${SECRET}-model`, early)).status).toBe(400);
  await service.until(
    (taken) =>
      sumOf(taken, 'pilotlight.requests', { outcome: 'malformed' }) === 2 &&
      sumOf(taken, 'pilotlight.requests', { outcome: 'notFound' }) === 1,
  );
  expect(service.taken.filter(({ data }) => data.baseType === 'ExceptionData')).toEqual([]);
});

test('a batch is one operation, over its messages, and each row counts once', async () => {
  await register('churn', await sample('churn'), {});
  const [head, ...lines] = (await readFile('test/fixtures/churn-test.csv', 'utf8'))
    .trim()
    .split('\n');
  const rows = [`id,${head ?? ''}`, ...lines.map((line, row) => `${SECRET}-${row},${line}`)];
  const { traceId, spanId, headers } = newTrace();
  const response = await fetch(`${host.url}/batches?model=churn&keep=id`, {
    method: 'POST',
    headers: { 'content-type': 'text/csv', ...SECRET_HEADERS, ...headers },
    body: `${[...rows, `${SECRET}-bad,no,number`].join('\n')}\n`,
  });
  expect(response.status).toBe(202);
  const { id } = (await response.json()) as { id: string };
  const job = await endOf(host.url, id);
  expect(job).toMatchObject({ state: 'completed', rows: { scored: lines.length, failed: 1 } });
  expect(job.chunks.total).toBeGreaterThan(2);
  const by = { model: 'churn', version: '1' };
  const chunks = () =>
    new Set(steps(service.taken, traceId).flatMap(({ properties }) => properties['chunk'] ?? []));
  await service.until(
    (taken) =>
      sumOf(taken, 'pilotlight.batches', { model: 'churn', outcome: 'completed' }) >= 1 &&
      chunks().size >= job.chunks.total,
  );
  expect(chunks().size).toBe(job.chunks.total);
  expect(sumOf(service.taken, 'pilotlight.rows', { ...by, source: 'batch' })).toBe(lines.length);
  expect(sumOf(service.taken, 'pilotlight.rows.failed', by)).toBe(1);
  const operation = steps(service.taken, traceId);
  expect(strays(operation, spanId)).toEqual([]);
  expect(operation.filter(({ parentId }) => parentId === spanId)).toMatchObject([
    { name: 'create-batch', properties: { batch: id } },
  ]);
});

test('a rollout is told of, with what went on with it', async () => {
  await register('rolled', await fixtureBytes('plain'), {});
  await register('rolled', await fixtureBytes('better'), { 'idempotency-key': `${SECRET}-second` });
  const { traceId, spanId, headers } = newTrace();
  const started = await call<{ id: string }>(
    'POST',
    `${host.url}/models/rolled/rollouts`,
    { version: '2', steps: [10, 50], minRequests: 1_000_000 },
    { ...SECRET_HEADERS, ...headers },
  );
  expect(started.status).toBe(201);
  const path = `${host.url}/models/rolled/rollouts/${started.document.id}`;
  const paused = newTrace();
  const why = { why: `${SECRET} why` };
  expect((await call('POST', `${path}/pause`, why, paused.headers)).status).toBe(200);
  expect((await call('POST', `${path}/promote`, why)).status).toBe(200);
  const outcomes = ['started', 'paused', 'completed'];
  await service.until((taken) =>
    outcomes.every(
      (outcome) => sumOf(taken, 'pilotlight.rollouts', { model: 'rolled', outcome }) === 1,
    ),
  );
  const operation = steps(service.taken, traceId);
  expect(operation).toContainEqual(
    expect.objectContaining({ name: 'start-rollout', parentId: spanId }),
  );
  expect(strays(operation, spanId)).toEqual([]);
  expect(steps(service.taken, paused.traceId)).toMatchObject([{ name: 'pause-rollout' }]);
});

test('a rollout that is judged stays in the operation that began it; no request counts twice', async () => {
  for (const [i, fixture] of ['plain', 'better'].entries()) {
    const key = { 'idempotency-key': `${SECRET}-judged-${i}` };
    await register('judged', await fixtureBytes(fixture), key);
  }
  const load = await SteadyLoad.start({ url: host.url, model: 'judged', perSecond: 60 });
  const { traceId, spanId, headers } = newTrace();
  const { status, document } = await call<{ id: string }>(
    'POST',
    `${host.url}/models/judged/rollouts`,
    { version: '2', steps: [50], minRequests: 60, minSeconds: 1 },
    headers,
  );
  expect(status).toBe(201);
  await endOfRollout(host.url, 'judged', '2');
  await load.stop();
  const answered = load.answers.filter(({ status }) => status === 200).length;
  expect(answered).toBe(load.answers.length);
  const by = { model: 'judged', outcome: 'ok' };
  await service.until(
    (taken) =>
      sumOf(taken, 'pilotlight.rollouts', { model: 'judged', outcome: 'completed' }) === 1 &&
      steps(taken, traceId).some(({ name }) => name !== 'start-rollout') &&
      sumOf(taken, 'pilotlight.requests', by) >= answered,
  );
  expect(sumOf(service.taken, 'pilotlight.requests', by)).toBe(answered);
  expect(countOf(service.taken, 'pilotlight.request.ms', { model: 'judged' })).toBe(answered);
  const candidate = { ...by, version: '2', route: 'candidate' };
  expect(sumOf(service.taken, 'pilotlight.requests', candidate)).toBeGreaterThanOrEqual(60);
  const operation = steps(service.taken, traceId);
  expect(strays(operation, spanId)).toEqual([]);
  for (const { properties } of operation) expect(properties['rollout']).toBe(document.id);
});

describe('of all that arrived', () => {
  test('nothing is of a payload, a key or a caller', () => {
    const text = JSON.stringify(service.requests.map(({ items }) => items));
    expect(text.length).toBeGreaterThan(10_000);
    expect(text).not.toContain(SECRET);
  });

  test('no request is told of a second time: the Functions host does it', () => {
    const types = new Set(
      service.requests.flatMap(({ items }) => items.map(({ data }) => data.baseType)),
    );
    expect([...types].sort()).toEqual(['MetricData', 'RemoteDependencyData']);
  });

  test('each step is there once', () => {
    const ids = steps(service.taken).map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
  });

  test('all is by the names and dimensions that alerts and the workbook know', async () => {
    const { METRICS } = await import('../../shared/telemetry/metric-names.ts');
    const known = new Map(
      Object.values(METRICS).map(({ name, by }): [string, readonly string[]] => [name, by]),
    );
    for (const { data } of service.taken) {
      if (data.baseType !== 'MetricData') continue;
      const { metrics, properties } = data.baseData as {
        metrics: { name: string }[];
        properties: Record<string, string>;
      };
      const by = known.get(metrics[0]?.name ?? '');
      expect(by).toBeDefined();
      for (const name of Object.keys(properties)) expect([...(by ?? []), 'sketch']).toContain(name);
    }
  });
});
