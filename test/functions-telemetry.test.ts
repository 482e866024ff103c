import * as azure from '@azure/functions';
import { afterAll, beforeAll, beforeEach, expect, jest, test } from '@jest/globals';
import { registerFunctions } from '../functions/azure-host.ts';
import { Drain } from '../functions/drain.ts';
import { functions } from '../functions/index.ts';
import { createMemoryApp, type MemoryApp } from './memory-app.ts';
import { FunctionsCore } from './stand-ins/functions-core.ts';
import { KeepingSink } from './telling.ts';

// What is told of invocations through Azure's own library, below the host's own traces.

const mockCore = new FunctionsCore();
jest.mock(
  '@azure/functions-core',
  () => new Proxy({}, { get: (_, name: string) => mockCore.api[name as 'version'] }),
  { virtual: true },
);

const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736';
const SPAN = '00f067aa0ba902b7';
/** The host says that it does not sample, which is its own affair. */
const HOSTS = `00-${TRACE}-${SPAN}-00`;
const CALLERS = '00-11111111111111111111111111111111-2222222222222222-01';

let app: MemoryApp;
let sink: KeepingSink;
const drain = new Drain();
beforeAll(async () => {
  sink = new KeepingSink();
  const settings = {
    APPLICATIONINSIGHTS_CONNECTION_STRING: 'InstrumentationKey=none',
    PILOTLIGHT_TELEMETRY_FLUSH_MS: '600000',
  };
  app = await createMemoryApp(settings, sink);
  azure.app.setup({ enableHttpStream: false });
  const serving = { app: () => Promise.resolve(app), byKey: true, drain };
  registerFunctions(azure, functions, serving);
  await mockCore.start();
});
afterAll(() => app.close());
beforeEach(() => {
  sink.taken.length = 0;
});

const infer = (headers: Record<string, string>, traceParent?: string) =>
  mockCore.invokeHttp('infer', {
    ...{ method: 'POST', url: 'http://host/v2/models/nothing/infer', params: { model: 'nothing' } },
    ...{ headers, body: Buffer.from('{"inputs": []}') },
    ...(traceParent !== undefined && { traceParent }),
  });

test('a request stands below the host’s own', async () => {
  const { status } = await infer({ traceparent: CALLERS }, HOSTS);
  expect(status).toBe(404);
  await app.telemetry.flush();
  expect(sink.spans).toMatchObject([
    { name: 'infer', traceId: TRACE, parentId: SPAN, failure: 'notFound' },
  ]);
  // A name that nobody has registered is the caller's.
  expect(sink.sum('pilotlight.requests', { model: '', outcome: 'notFound' })).toBe(1);
  expect(JSON.stringify(sink.taken)).not.toContain('nothing');
});

test('a request is told of though the host’s proxy says in its header that it is not', async () => {
  await infer({ traceparent: `00-${TRACE}-3333333333333333-00` }, HOSTS);
  await app.telemetry.flush();
  expect(sink.spans).toMatchObject([{ name: 'infer', traceId: TRACE, parentId: SPAN }]);
});

test('without a host’s, below the caller’s', async () => {
  await infer({ traceparent: CALLERS });
  await app.telemetry.flush();
  expect(sink.spans).toMatchObject([
    { traceId: '1'.repeat(32), parentId: '2'.repeat(16), failure: 'notFound' },
  ]);
});

test('without a host’s, a caller who wants nothing told is heard', async () => {
  await infer({ traceparent: CALLERS.replace(/01$/, '00') });
  await app.telemetry.flush();
  expect(sink.spans).toEqual([]);
  expect(sink.sum('pilotlight.requests', { outcome: 'notFound' })).toBe(1);
});

test('a message stands below the work that sent it, and names its invocation', async () => {
  const message = { model: 'nothing', incarnation: 1, version: 1, traceparent: CALLERS };
  const sent = { string: JSON.stringify(message) };
  await mockCore.invoke('validate-registration', sent, {}, HOSTS);
  await app.telemetry.flush();
  expect(sink.spans).toMatchObject([
    {
      ...{ name: 'validate-registration', traceId: '1'.repeat(32), parentId: '2'.repeat(16) },
      attributes: { invocation: expect.stringMatching(/^[0-9a-f-]{36}$/) },
    },
  ]);
});

test('a tick that finds nothing, health, and a read that goes well are not told of', async () => {
  await mockCore.invoke('tend', { json: '{}' });
  const url = 'http://host/v2/health/live';
  expect(await mockCore.invokeHttp('health-live', { method: 'GET', url })).toMatchObject({
    status: 200,
  });
  const models = { method: 'GET', url: 'http://host/models' };
  expect(await mockCore.invokeHttp('list-models', models)).toMatchObject({ status: 200 });
  await app.telemetry.flush();
  expect(sink.spans).toEqual([]);
});

// The last: nothing runs after it.
test('who is put off while the process drains counts as any other', async () => {
  await drain.begin('worn out', 0);
  expect((await infer({ traceparent: CALLERS })).status).toBe(503);
  await app.telemetry.flush();
  expect(sink.sum('pilotlight.requests', { model: '', outcome: 'unavailable' })).toBe(1);
  expect(sink.spans).toMatchObject([{ name: 'infer', failure: 'unavailable' }]);
});
