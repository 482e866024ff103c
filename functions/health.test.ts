import { expect, test } from '@jest/globals';
import type { App } from '../shared/compose.ts';
import { ServingError } from '../shared/errors.ts';
import { UNTOLD } from '../shared/telemetry/operation.ts';
import { ANONYMOUS } from './caller.ts';
import { liveFunction, readyFunction } from './health.ts';
import { serverMetadataFunction } from './server-metadata.ts';
import type { Request } from './trigger.ts';

const request = {
  method: 'GET',
  url: 'http://h/v2/health/ready',
  headers: new Headers(),
  query: new URLSearchParams(),
  params: {},
  body: null,
  bytes: () => Promise.resolve(new Uint8Array(0)),
} satisfies Request;

function setup() {
  const state = {
    now: 1_000_000,
    pings: 0,
    storage: (): Promise<void> => Promise.resolve(),
    registry: (): Promise<void> => Promise.resolve(),
    ailments: [] as string[],
  };
  const logs: string[] = [];
  const log = (line: string) => void logs.push(line);
  const app = {
    clock: () => state.now,
    artifacts: { ping: () => (state.pings++, state.storage()) },
    registry: { ping: () => state.registry() },
    engine: { ailments: () => state.ailments },
  } as unknown as App;
  const context = { invocationId: 'i', functionName: 'f', log, warn: log, error: log };
  const ready = async () => {
    const answer = await readyFunction.handler(app, request, context, {
      caller: ANONYMOUS,
      operation: UNTOLD,
    });
    const body = JSON.parse(answer.body as string) as { reasons?: string[] };
    return { ...answer, body };
  };
  return { app, context, state, logs, ready };
}

const down = () =>
  Promise.reject(
    new ServingError({ kind: 'unavailable', detail: 'no answer', retryAfterSeconds: 1 }),
  );

test('live, whatever else is down', async () => {
  const { app, context } = setup();
  const answer = await liveFunction.handler(app, request, context, {
    caller: ANONYMOUS,
    operation: UNTOLD,
  });
  expect(answer).toMatchObject({ status: 200, body: '{"live":true}' });
});

test('ready when storage and registry answer, and nothing ails the engine', async () => {
  const { ready } = setup();
  expect(await ready()).toMatchObject({ status: 200, body: { ready: true } });
});

test('not ready: every reason, in the error document', async () => {
  const { ready, state } = setup();
  Object.assign(state, {
    storage: down,
    registry: down,
    ailments: ['a run of churn/3 never ends'],
  });
  const answer = await ready();
  expect(answer.status).toBe(503);
  expect(answer.headers).toMatchObject({ 'content-type': 'application/json', 'retry-after': '1' });
  const reasons = ['a run of churn/3 never ends', 'storage: no answer', 'registry: no answer'];
  const detail = `not ready: ${reasons.join('; ')}`;
  expect(answer.body).toMatchObject({ ready: false, reasons, error: detail, detail, status: 503 });
});

test('a bug in a look at a dependency is told to the log alone', async () => {
  const { ready, state, logs } = setup();
  state.registry = () => {
    throw new TypeError('inside');
  };
  const { body } = await ready();
  expect(body.reasons).toEqual(['registry: failed; the log says how']);
  expect(logs).toEqual([expect.stringContaining('inside')]);
});

test('a dependency that never answers is a reason', async () => {
  const { ready, state } = setup();
  state.storage = () => new Promise(() => undefined);
  expect((await ready()).body.reasons).toEqual(['storage: no answer in 2000 ms']);
});

test('one look serves all probes of a second; the engine is asked each time', async () => {
  const { ready, state } = setup();
  await Promise.all([ready(), ready(), ready()]);
  state.now += 999;
  state.storage = down;
  expect(await ready()).toMatchObject({ status: 200 });
  expect(state.pings).toBe(1);
  state.ailments = ['ill'];
  expect((await ready()).body.reasons).toEqual(['ill']);
  state.now += 1;
  expect((await ready()).body.reasons).toEqual(['ill', 'storage: no answer']);
  expect(state.pings).toBe(2);
  state.now -= 5000; // a clock may be set back
  await ready();
  expect(state.pings).toBe(3);
});

test('two apps in one process don’t share a look', async () => {
  const [ill, well] = [setup(), setup()];
  ill.state.storage = down;
  expect((await ill.ready()).status).toBe(503);
  expect((await well.ready()).status).toBe(200);
});

test('the server says who it is', async () => {
  const { app, context } = setup();
  const answer = await serverMetadataFunction.handler(app, request, context, {
    caller: ANONYMOUS,
    operation: UNTOLD,
  });
  expect(JSON.parse(answer.body as string)).toEqual({
    name: 'pilotlight',
    version: expect.stringMatching(/^\d+\.\d+\.\d+/) as unknown,
    extensions: [
      'binary_tensor_data',
      'statistics',
      'schedule_policy',
      'parameters',
      'model_configuration',
      'model_repository',
    ],
  });
});
