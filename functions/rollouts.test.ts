import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { ServingError } from '../shared/errors.ts';
import type { Fingerprint, ModelName, RolloutId, Version } from '../shared/ids.ts';
import type { Verdict } from '../shared/registry/model-record.ts';
import { startRollout } from '../shared/usecases/start-rollout.ts';
import { allocateVersion, decideVersion } from '../shared/usecases/version-lifecycle.ts';
import { createMemoryApp, FINE, type MemoryApp, send } from '../test/memory-app.ts';
import {
  abortRolloutFunction,
  pauseRolloutFunction,
  promoteRolloutFunction,
  resumeRolloutFunction,
} from './command-rollout.ts';
import { deleteModelFunction } from './delete-model.ts';
import { listRolloutsFunction } from './list-rollouts.ts';
import { readHistoryFunction } from './read-history.ts';
import { readModelFunction } from './read-model.ts';
import { readRolloutFunction } from './read-rollout.ts';
import { retireVersionFunction } from './retire-version.ts';
import { rollBackFunction } from './roll-back.ts';
import { routeTrafficFunction } from './route-traffic.ts';
import { startRolloutFunction } from './start-rollout.ts';
import type { HttpFunction } from './trigger.ts';

const model = 'churn' as ModelName;
let app: MemoryApp;
beforeEach(async () => {
  app = await createMemoryApp();
});
afterEach(() => app.close());

interface Call {
  readonly id?: string;
  readonly version?: string;
  readonly query?: string;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Sends a request for model `churn`. */
async function call(definition: HttpFunction, { id = '', version = '', ...more }: Call = {}) {
  const params: Record<string, string> = { model, id, version };
  const path = definition.route.replace(/\{(\w+)\}/g, (_, name: string) => params[name] ?? '');
  const answer = await send(app, definition, {
    path: `/${path}${more.query ? `?${more.query}` : ''}`,
    params,
    ...(more.headers && { headers: more.headers }),
    ...(more.body !== undefined && {
      body: typeof more.body === 'string' ? more.body : JSON.stringify(more.body),
    }),
  });
  const { status, headers } = answer;
  const body = status === 204 ? {} : answer.json();
  return { status, etag: headers?.etag, location: headers?.location, body };
}

type Ready = Extract<Verdict['outcome'], { kind: 'ready' }>;

/** Registers so many ready versions; `changed` makes another signature of FINE's. */
async function register(count: number, changed: Partial<Ready> = {}): Promise<void> {
  if (!FINE.ok) throw new Error('FINE is not');
  const { ok, ...fine } = FINE;
  for (let n = 0; n < count; n++) {
    const fingerprint = `${n} ${JSON.stringify(changed)}` as Fingerprint;
    const of = { model, incarnation: 1, digest: 'd'.repeat(64) as never, bytes: 10, card: {} };
    const { entry } = await allocateVersion(app, { ...of, fingerprint }, 'somebody');
    const { version } = entry;
    const decidedAt = new Date(app.clock()).toISOString();
    const outcome: Ready = { kind: 'ready', ...fine, ...changed };
    await decideVersion(app, { ...of, version, decidedAt, outcome }, 'validator');
  }
}

/** A version whose callers must send another input than production's. */
const registerBreaking = () =>
  register(1, {
    signature: {
      inputs: [{ name: 'other', datatype: 'FP32', shape: [-1, 4] }],
      outputs: [{ name: 'y', datatype: 'FP32', shape: [-1] }],
    },
  });

const start = (body: object, headers: Readonly<Record<string, string>> = {}) =>
  call(startRolloutFunction, { body, headers });
async function started(body: object = { version: '2' }): Promise<string> {
  const { status, body: document } = await start(body);
  expect(status).toBe(201);
  return document.id as string;
}
const routed = async () => (await call(readModelFunction)).body.routing;
const time = expect.stringMatching(/^\d{4}-.*Z$/);

describe('a rollout', () => {
  test('is answered with the model, its place and its tag', async () => {
    await register(2);
    const answer = await start({ version: '2', steps: [10, 50], shadow: { percent: 20 } });
    expect(answer).toMatchObject({
      status: 201,
      etag: '"2"',
      location: `/models/churn/rollouts/${String(answer.body.id)}`,
    });
    const document = {
      id: expect.stringMatching(/^r[0-9a-z]+$/),
      state: 'running',
      version: '2',
      from: '1',
      percent: 0,
      stage: { number: 0, kind: 'shadow', percent: 20, startedAt: time },
      steps: [10, 50, 100],
      minRequests: 100,
      minSeconds: 60,
      shadow: { percent: 20, minRequests: 100 },
      allowBreaking: false,
      startedBy: 'anonymous',
      createdAt: time,
    };
    expect(answer.body).toEqual({
      ...document,
      name: 'churn',
      routing: { production: '1', shadow: { version: '2', percent: 20 } },
      aliases: {},
      versions: expect.anything(),
    });
    const read = await call(readRolloutFunction, { id: String(answer.body.id) });
    expect(read).toMatchObject({ status: 200, etag: '"2"' });
    // What it is judged by now stands beside what was started.
    expect(read.body).toMatchObject({ ...document, verdict: { decision: 'hold' } });
  });

  test('can be looked at while its counters can’t be read', async () => {
    await register(2);
    const id = await started();
    const down = new ServingError({ kind: 'unavailable', detail: 'd', retryAfterSeconds: 1 });
    Object.assign(app, { counters: { ...app.counters, list: () => Promise.reject(down) } });
    const { status, body } = await call(readRolloutFunction, { id });
    expect([status, body.state, body.verdict]).toEqual([200, 'running', undefined]);
  });

  test('may be over in the answer that starts it', async () => {
    await register(2);
    const { body } = await start({ version: 2, steps: [100] });
    expect(body).toMatchObject({ state: 'completed', percent: 100, finishedAt: time });
    expect(body).toMatchObject({ name: 'churn', routing: { production: '2' } });
    expect(await routed()).toEqual({ production: '2' });
  });

  test('is paused, resumed, promoted and aborted; again is no change', async () => {
    await register(3);
    const id = await started({ version: '2', steps: [10] });
    const paused = await call(pauseRolloutFunction, { id, body: { why: 'looking at it' } });
    expect(paused).toMatchObject({
      status: 200,
      etag: '"3"',
      body: { state: 'paused', why: 'looking at it', percent: 10, name: 'churn' },
    });
    expect((await call(pauseRolloutFunction, { id })).etag).toBe('"3"');
    expect((await call(resumeRolloutFunction, { id })).body).toMatchObject({ state: 'running' });
    const promoted = await call(promoteRolloutFunction, { id });
    expect(promoted.body).toMatchObject({
      state: 'completed',
      percent: 100,
      routing: { production: '2' },
    });

    const other = await started({ version: '3' });
    expect((await call(abortRolloutFunction, { id: other })).body).toMatchObject({
      state: 'aborted',
      percent: 0,
      why: 'aborted by anonymous',
    });
    expect(await routed()).toEqual({ production: '2' });
    // The one before stands in a document of its own by now.
    for (const definition of [pauseRolloutFunction, promoteRolloutFunction, abortRolloutFunction]) {
      const refused = await call(definition, { id });
      expect(refused.status).toBe(409);
      expect(refused.body.error).toContain(`rollout ${id} of model churn is completed`);
    }
  });

  test('is one at a time, and nothing else routes meanwhile', async () => {
    await register(3);
    const id = await started();
    for (const refused of [
      await start({ version: '3' }),
      await call(routeTrafficFunction, { body: { production: '3' } }),
      await call(retireVersionFunction, { version: '2' }),
      await call(deleteModelFunction),
    ]) {
      expect(refused.status).toBe(409);
    }
    expect((await start({ version: '3' })).body.error).toContain(`/rollouts/${id}/abort`);
  });

  test('honours If-Match', async () => {
    await register(2);
    expect((await start({ version: '2' }, { 'if-match': '"0"' })).status).toBe(412);
    const id = await started();
    const stale = { id, headers: { 'if-match': '"1"' } };
    expect((await call(abortRolloutFunction, stale)).status).toBe(412);
    expect((await call(rollBackFunction, stale)).status).toBe(412);
    const { status, etag } = await call(abortRolloutFunction, {
      id,
      headers: { 'if-match': '"2"' },
    });
    expect([status, etag]).toEqual([200, '"3"']);
  });

  test.each<[string, unknown, string]>([
    ['no version', {}, 'rollout.version'],
    ['an unknown member', { version: '2', percent: 5 }, 'rollout: '],
    ['steps as text', { version: '2', steps: '5,10' }, 'rollout.steps'],
    ['descending steps', { version: '2', steps: [50, 5] }, 'rollout.steps[1]: expected more than'],
    ['half a request', { version: '2', minRequests: 0.5 }, 'rollout.minRequests'],
    ['no shadow', { version: '2', shadow: { percent: 0 } }, 'rollout.shadow.percent'],
  ])('with %s is a 400 that says so', async (_, body, text) => {
    await register(2);
    const { status, body: problem } = await call(startRolloutFunction, { body });
    expect(status).toBe(400);
    expect(problem.error).toContain(text);
    expect(await routed()).toEqual({ production: '1' });
  });

  test('of an unknown model, or of an unknown id, is a 404', async () => {
    const id = 'rnobody';
    for (const definition of [listRolloutsFunction, readRolloutFunction, pauseRolloutFunction]) {
      const { status, body } = await call(definition, { id });
      expect(status).toBe(404);
      expect(body.error).toMatch(/^Request for unknown model/);
    }
    expect((await start({ version: '1' })).status).toBe(404);
    expect((await call(rollBackFunction)).status).toBe(404);
    await register(1);
    for (const definition of [readRolloutFunction, abortRolloutFunction]) {
      const { status, body } = await call(definition, { id });
      expect([status, body.error]).toEqual([
        404,
        expect.stringContaining('has no rollout rnobody'),
      ]);
    }
    expect((await call(readRolloutFunction, { id: 'not an id' })).status).toBe(400);
  });

  test('takes a reason or nothing as a command’s body', async () => {
    await register(2);
    const id = await started();
    for (const body of ['{', { who: 'me' }, { why: '' }, { why: 5 }]) {
      expect((await call(pauseRolloutFunction, { id, body })).status).toBe(400);
    }
    expect((await call(pauseRolloutFunction, { id, body: {} })).status).toBe(200);
  });
});

describe('rollouts are listed', () => {
  test('newest first, in pages, with those that the record no longer holds', async () => {
    await register(2);
    const ids: string[] = [];
    for (let n = 0; n < 5; n++) {
      app.ahead += 1000;
      const id = await started();
      ids.unshift(id);
      if (n < 4) await call(abortRolloutFunction, { id });
    }
    const seen: unknown[] = [];
    for (let query = 'limit=2'; ; ) {
      const { body } = await call(listRolloutsFunction, { query });
      const rollouts = body.rollouts as { id: string; state: string }[];
      seen.push(...rollouts.map(({ id, state }) => [id, state]));
      if (body.continuation === undefined) break;
      expect(rollouts).toHaveLength(2);
      query = `limit=2&continuation=${body.continuation as string}`;
    }
    expect(seen).toEqual(ids.map((id, n) => [id, n === 0 ? 'running' : 'aborted']));
    expect((await call(readRolloutFunction, { id: ids[4] ?? '' })).body).toMatchObject({
      state: 'aborted',
    });
    const bad = await call(listRolloutsFunction, { query: 'continuation=e30' });
    expect(bad.status).toBe(400);
  });

  test('also once their model is deleted, and none is lost', async () => {
    await register(2);
    const id = await started();
    await call(deleteModelFunction, { query: 'force=true' });
    const { body } = await call(listRolloutsFunction);
    expect(body.rollouts).toMatchObject([{ id, state: 'aborted', why: 'the model is deleted' }]);
  });
});

describe('callers are not broken unasked', () => {
  test('by a rollout', async () => {
    await register(1);
    await registerBreaking();
    const refused = await start({ version: '2' });
    expect(refused.status).toBe(409);
    expect(refused.body.error).toMatch(
      /^version 2 of model churn breaks callers of version 1: .*other.*Say allowBreaking: true/,
    );
    expect((await start({ version: '2', allowBreaking: true })).status).toBe(201);
  });

  test('by routing; a shadow is free, and so is going back', async () => {
    await register(1);
    await registerBreaking();
    const route = (body: object) => call(routeTrafficFunction, { body });
    expect((await route({ production: '2' })).status).toBe(409);
    const candidate = { version: '2', percent: 5 };
    const refused = await route({ production: '1', candidate });
    expect([refused.status, refused.body.error]).toEqual([
      409,
      expect.stringContaining('breaks callers of version 1'),
    ]);
    expect((await route({ production: '1', shadow: candidate })).status).toBe(200);
    expect((await route({ production: '1', candidate, allowBreaking: true })).status).toBe(200);
    // It answers callers already; how many of them is no new break.
    expect((await route({ production: '1', candidate: { ...candidate, percent: 9 } })).status).toBe(
      200,
    );
    expect((await route({ production: '2', allowBreaking: true })).status).toBe(200);
    expect((await call(rollBackFunction)).body.routing).toEqual({ production: '1' });
  });
});

describe('rolling back', () => {
  test('goes to the production before, and answers the model', async () => {
    await register(3);
    for (const production of ['2', '3']) {
      await call(routeTrafficFunction, { body: { production } });
    }
    const once = await call(rollBackFunction, { body: { why: 'complaints' } });
    expect(once).toMatchObject({
      status: 200,
      etag: '"4"',
      body: { name: 'churn', routing: { production: '2' } },
    });
    expect((await call(rollBackFunction)).body.routing).toEqual({ production: '1' });
    const none = await call(rollBackFunction);
    expect([none.status, none.body.error]).toEqual([
      409,
      expect.stringContaining('no version that was production before 1 is still ready'),
    ]);
    const { body } = await call(readHistoryFunction, { query: 'limit=1000' });
    const events = body.events as { type: string; why: string; figures: unknown }[];
    expect(events.filter(({ type }) => type === 'rolledBack')).toMatchObject([
      { why: 'complaints', figures: { production: '2', from: '3' } },
      { why: 'rolled back by anonymous', figures: { production: '1', from: '2' } },
    ]);
  });

  test('aborts a rollout', async () => {
    await register(3);
    await call(routeTrafficFunction, { body: { production: '2' } });
    const id = await started({ version: '3' });
    expect((await call(rollBackFunction)).body.routing).toEqual({ production: '1' });
    expect((await call(readRolloutFunction, { id })).body).toMatchObject({ state: 'aborted' });
  });
});

describe('the same Idempotency-Key', () => {
  const key = (value: string) => ({ 'idempotency-key': value });

  test('starts one rollout, also once that is over and another has run', async () => {
    await register(3);
    const first = await start({ version: '2' }, key('a'));
    const again = await start({ version: '2' }, { ...key('a'), 'if-match': '"1"' });
    expect([again.status, again.etag, again.location]).toEqual([201, '"2"', first.location]);
    expect(again.body).toEqual(first.body);
    await call(abortRolloutFunction, { id: String(first.body.id) });
    await started({ version: '3', steps: [100] });
    const late = await start({ version: '2' }, key('a'));
    expect(late.body).toMatchObject({ id: first.body.id, state: 'aborted' });

    const other = await start({ version: '2', minSeconds: 0 }, key('a'));
    expect([other.status, other.body.error]).toEqual([
      409,
      'Idempotency-Key "a": came with another body before',
    ]);
    expect((await start({ version: '2' }, key('x'.repeat(129)))).status).toBe(400);
  });

  test('is forgotten after a day', async () => {
    await register(2);
    const { body } = await start({ version: '2', steps: [100] }, key('a'));
    await call(rollBackFunction);
    app.ahead += 86_400_000;
    const later = await start({ version: '2', steps: [100] }, key('a'));
    expect([later.status, later.body.id === body.id]).toEqual([201, false]);
  });

  test('rolls back once', async () => {
    await register(3);
    for (const production of ['2', '3']) {
      await call(routeTrafficFunction, { body: { production } });
    }
    const back = () => call(rollBackFunction, { headers: key('b') });
    const first = await back();
    expect(await back()).toEqual(first);
    expect(first.body.routing).toEqual({ production: '2' });
    const other = await call(rollBackFunction, { headers: key('b'), body: { why: 'no' } });
    expect(other.status).toBe(409);
  });
});

test('a rollout of a given id starts once, ever, however often that is asked', async () => {
  await register(3);
  const id = 'drop-1' as RolloutId;
  const deliver = () =>
    startRollout(app, {
      model,
      wanted: { version: 2 as Version },
      who: 'a drop',
      id,
      paused: 'few rows',
    });
  const answers = await Promise.all([deliver(), deliver(), deliver()]);
  expect(answers.map(({ created }) => created).sort()).toEqual([false, false, true]);
  expect((await call(readRolloutFunction, { id })).body).toMatchObject({
    state: 'paused',
    why: 'few rows',
    percent: 0,
  });
  await call(abortRolloutFunction, { id });
  expect((await deliver()).created).toBe(false);
  await started({ version: '3', steps: [100] });
  const late = await deliver();
  expect([late.created, late.rollout.status.state]).toEqual([false, 'aborted']);
});
