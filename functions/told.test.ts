import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { ServingError } from '../shared/errors.ts';
import type { ModelName } from '../shared/ids.ts';
import { createMemoryApp, type MemoryApp, quietContext, send } from '../test/memory-app.ts';
import { telling } from '../test/telling.ts';
import { cancelBatchFunction } from './cancel-batch.ts';
import { createBatchFunction } from './create-batch.ts';
import { liveFunction } from './health.ts';
import { inferFunction } from './infer.ts';
import { listModelsFunction } from './list-models.ts';
import { runMessage } from './message.ts';
import { registerModelFunction } from './register-model.ts';
import { scoreBatchFunction } from './score-batch.ts';
import { startRolloutFunction } from './start-rollout.ts';
import { beginRequest, tellMessage, tellTask } from './told.ts';
import type { Context, QueueFunction, Request } from './trigger.ts';
import { validateRegistrationFunction } from './validate-registration.ts';

const nothing = () => undefined;
const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736';
const SPAN = '00f067aa0ba902b7';
const traceparent = `00-${TRACE}-${SPAN}-01`;

let memory: MemoryApp;
let app: MemoryApp;
let told: ReturnType<typeof telling>;
beforeEach(async () => {
  memory = await createMemoryApp();
  told = telling();
  app = { ...memory, telemetry: told.telemetry };
});
afterEach(() => memory.close());

async function deliver(definition: QueueFunction, message: unknown, context: Context) {
  await runMessage(definition, context, () =>
    tellMessage(definition, app, context, (operation) =>
      definition.handler(app, message, context, operation),
    ),
  );
}
const octets = { 'content-type': 'application/octet-stream' };
const register = (headers: Record<string, string> = {}) =>
  send(app, registerModelFunction, {
    path: '/models/m/versions',
    params: { model: 'm' },
    headers: { ...octets, ...headers },
    body: 'bytes',
  });
const infer = (headers: Record<string, string> = {}, model = 'm') =>
  send(app, inferFunction, {
    path: `/v2/models/${model}/infer`,
    params: { model },
    headers,
    body: '{"inputs": "SECRET"}',
  });

describe('a registration', () => {
  test('is one trace from its request to its verdict, however it is delivered', async () => {
    expect((await register({ traceparent })).status).toBe(202);
    const [message] = memory.messages.registrations.splice(0);
    // As Azure's host brings it: with a trace of its own.
    const traceContext = { traceParent: `00-${'1'.repeat(32)}-${'2'.repeat(16)}-00` };
    await deliver(validateRegistrationFunction, message, { ...quietContext(), traceContext });
    await told.telemetry.flush();
    const [request, validation] = told.sink.spans;
    expect(request).toMatchObject({
      name: 'register-model',
      traceId: TRACE,
      parentId: SPAN,
      attributes: { model: 'm', version: 1 },
    });
    expect(validation).toMatchObject({
      name: 'validate-registration',
      traceId: TRACE,
      parentId: request?.spanId,
      attributes: { model: 'm', version: 1, invocation: 'test' },
    });
    expect(told.sink.sum('pilotlight.registrations', { model: 'm', outcome: 'ready' })).toBe(1);
    // Again finds it decided.
    await deliver(validateRegistrationFunction, message, quietContext());
    await told.telemetry.flush();
    expect(told.sink.sum('pilotlight.registrations')).toBe(1);
  });

  test.each([undefined, 7, 'nonsense', `${traceparent}\nmore`])(
    'whose message brings %j for a traceparent begins a trace of its own',
    async (odd) => {
      await register();
      const message = { ...memory.messages.registrations.splice(0)[0], traceparent: odd };
      await deliver(validateRegistrationFunction, message, quietContext());
      const record = (await app.registry.readModel('m' as ModelName))?.value;
      expect(record?.versions[0]?.state).toBe('ready');
      await told.telemetry.flush();
      const validation = told.sink.spans.find(({ name }) => name === 'validate-registration');
      expect(validation).not.toHaveProperty('parentId');
    },
  );
});

describe('a request', () => {
  test('stands below the host’s, where the host tells of it', async () => {
    const host = { traceParent: `00-${TRACE}-${SPAN}-00` };
    const context = { ...quietContext(), traceContext: host };
    await runMessage({ name: 'x' }, context, () =>
      tellMessage({ name: 'x' }, app, context, () => Promise.resolve()),
    );
    await told.telemetry.flush();
    expect(told.sink.spans[0]).toMatchObject({ traceId: TRACE, parentId: SPAN });
  });

  test('that only reads is not told of, health never, not even when it fails', async () => {
    await send(app, listModelsFunction, { path: '/models', params: {} });
    await send(app, liveFunction, { path: '/v2/health/live', params: {} });
    await told.telemetry.flush();
    expect(told.sink.taken).toEqual([]);
  });

  test('that is refused is counted once, under no name that a caller made up', async () => {
    // Before its body is read, while it is parsed, and once its model is looked for.
    await infer({ 'content-length': '999999999999' });
    await infer({ 'inference-header-content-length': 'SECRET' });
    await infer({}, 'no-such-model');
    await infer({}, 'NO NAME');
    await told.telemetry.flush();
    expect(
      told.sink.points('pilotlight.requests').map(({ dimensions, sum }) => [dimensions, sum]),
    ).toEqual([
      [{ model: '', version: '', route: '', outcome: 'tooLarge' }, 1],
      [{ model: '', version: '', route: '', outcome: 'malformed' }, 2],
      [{ model: '', version: '', route: '', outcome: 'notFound' }, 1],
    ]);
    expect(told.sink.spans.map(({ name, failure }) => [name, failure])).toEqual([
      ['infer', 'tooLarge'],
      ['infer', 'malformed'],
      ['infer', 'notFound'],
      ['infer', 'malformed'],
    ]);
    expect(told.sink.exceptions).toEqual([]);
    expect(JSON.stringify(told.sink.taken)).not.toMatch(/SECRET|NO NAME|no-such-model/);
  });

  test('that fails on our side leaves an exception with its kind and class', async () => {
    const cause = new TypeError('SECRET');
    const failure = { kind: 'unavailable', detail: 'SECRET', retryAfterSeconds: 1 } as const;
    app = {
      ...app,
      registry: {
        ...app.registry,
        listModels: () => Promise.reject(new ServingError(failure, { cause })),
      },
    };
    await send(app, listModelsFunction, { path: '/models', params: {} });
    await told.telemetry.flush();
    expect(told.sink.exceptions).toMatchObject([{ kind: 'unavailable', type: 'TypeError' }]);
    expect(told.sink.exceptions[0]?.stack).toContain('told.test.ts');
    expect(JSON.stringify(told.sink.taken)).not.toContain('SECRET');
  });
});

describe('a batch job', () => {
  test('is one trace, from its request through every message', async () => {
    await register();
    await deliver(
      validateRegistrationFunction,
      memory.messages.registrations.splice(0)[0],
      quietContext(),
    );
    const answer = await send(app, createBatchFunction, {
      path: '/batches?model=m',
      params: {},
      headers: { 'content-type': 'text/csv', traceparent },
      body: 'a,b,c,d\n1,2,3,4\n',
    });
    expect(answer.status).toBe(202);
    expect(JSON.stringify(answer.json())).not.toContain(TRACE);
    const id = answer.json().id as string;
    const [plan] = memory.messages.batch.splice(0);
    // There is no thread here that could score: the plan is tried again and again, or fails.
    await deliver(scoreBatchFunction, plan, quietContext()).catch(() => undefined);
    await send(app, cancelBatchFunction, { path: `/batches/${id}`, params: { id } });
    await told.telemetry.flush();
    const mine = told.sink.spans.filter(({ traceId }) => traceId === TRACE);
    const [request, planning] = mine;
    expect(mine.map(({ name }) => name)).toEqual(['create-batch', 'score-batch']);
    expect(request).toMatchObject({ parentId: SPAN, attributes: { model: 'm', batch: id } });
    expect(planning).toMatchObject({
      parentId: request?.spanId,
      attributes: { batch: id, step: 'plan' },
    });
    expect(told.sink.sum('pilotlight.batches', { model: 'm' })).toBe(1);
  });
});

test('a rollout keeps the trace of who started it', async () => {
  for (const body of ['bytes', 'other bytes']) {
    await send(app, registerModelFunction, {
      path: '/models/m/versions',
      params: { model: 'm' },
      headers: octets,
      body,
    });
    const [message] = memory.messages.registrations.splice(0);
    await deliver(validateRegistrationFunction, message, quietContext());
  }
  const answer = await send(app, startRolloutFunction, {
    path: '/models/m/rollouts',
    params: { model: 'm' },
    headers: { 'if-match': '*', traceparent },
    body: JSON.stringify({ version: '2' }),
  });
  expect(answer.status).toBe(201);
  expect(JSON.stringify(answer.json())).not.toContain(TRACE);
  await told.telemetry.flush();
  const span = told.sink.spans.find(({ name }) => name === 'start-rollout');
  const rollout = (await app.registry.readModel('m' as ModelName))?.value.rollout;
  expect(rollout?.traceparent).toBe(`00-${TRACE}-${span?.spanId ?? ''}-01`);
  expect(span?.attributes).toEqual({ model: 'm', rollout: rollout?.id });
  expect(told.sink.sum('pilotlight.rollouts', { model: 'm', outcome: 'started' })).toBe(1);
});

test('what goes by the clock is told of when it found something, or failed', async () => {
  const context = quietContext();
  await tellTask({ name: 'idle' }, app, context, () => Promise.resolve());
  await tellTask({ name: 'busy' }, app, context, (operation) => {
    operation.note({ found: 2 });
    return Promise.resolve();
  });
  const bug = new Error('bug');
  await expect(tellTask({ name: 'broken' }, app, context, () => Promise.reject(bug))).rejects.toBe(
    bug,
  );
  await told.telemetry.flush();
  expect(told.sink.spans.map(({ name, failure }) => [name, failure])).toEqual([
    ['busy', undefined],
    ['broken', 'bug'],
  ]);
});

test('how the instance does is looked at while its first prediction runs', () => {
  let begun = 0;
  const gauges = { begin: () => begun++, look: nothing, beforeFlush: nothing, end: nothing };
  const idle = { ...memory, telemetry: telling({ gauges }).telemetry };
  const request = { headers: new Headers() } as unknown as Request;
  const { ended } = beginRequest(inferFunction, idle, request, quietContext());
  expect(begun).toBe(1);
  ended?.();
});

test('an answer that can’t be sent is told as the bug that it is', async () => {
  const definition = { ...inferFunction, handler: () => Promise.resolve({ status: 99 }) };
  const answered = await send(app, definition, {
    path: '/v2/models/m/infer',
    params: { model: 'm' },
  });
  expect(answered.status).toBe(500);
  await told.telemetry.flush();
  expect(told.sink.exceptions).toMatchObject([{ kind: 'bug', type: 'TypeError' }]);
  expect(told.sink.sum('pilotlight.requests', { outcome: 'bug' })).toBe(1);
});
