import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { AliasName, Fingerprint, ModelName, Version } from '../shared/ids.ts';
import { liveTestOf } from '../shared/rollout/live-test.ts';
import { commandRollout } from '../shared/usecases/command-rollout.ts';
import { nameVersion } from '../shared/usecases/name-version.ts';
import { routeTraffic } from '../shared/usecases/route-traffic.ts';
import { startRollout } from '../shared/usecases/start-rollout.ts';
import { allocateVersion, decideVersion } from '../shared/usecases/version-lifecycle.ts';
import { createMemoryApp, FINE, type MemoryApp, send } from '../test/memory-app.ts';
import { compareVersionsFunction } from './compare-versions.ts';

const model = 'churn' as ModelName;
const version = (n: number) => n as Version;
const who = 'somebody';
const allows = () => true;

let app: MemoryApp;
beforeEach(async () => {
  app = await createMemoryApp();
  await register(['ready', 'ready', 'ready', 'rejected', 'pending']);
});
afterEach(() => app.close());

async function register(states: readonly ('ready' | 'rejected' | 'pending')[]): Promise<void> {
  if (!FINE.ok) throw new Error('FINE is not');
  const { ok: _, ...fine } = FINE;
  for (const [n, state] of states.entries()) {
    const of = { model, incarnation: 1, digest: `${n}`.repeat(64) as never, bytes: 10, card: {} };
    const { entry } = await allocateVersion(
      app,
      { ...of, fingerprint: `f${n}` as Fingerprint },
      who,
    );
    if (state === 'pending') continue;
    const outcome =
      state === 'ready'
        ? ({ kind: 'ready', ...fine } as const)
        : ({ kind: 'rejected', reasons: ['it has no inputs'] } as const);
    const decidedAt = new Date(app.clock()).toISOString();
    await decideVersion(app, { ...of, version: entry.version, decidedAt, outcome }, 'validator');
  }
}

async function compare(query: string, name: string = model) {
  const answer = await send(app, compareVersionsFunction, {
    path: `/models/${name}/compare${query}`,
    params: { model: name },
  });
  return { status: answer.status, body: answer.json() };
}

/** Requests as instances count them while the model is as it is now. */
async function serve(requests: number, errors: number): Promise<void> {
  const record = (await app.registry.readModel(model))?.value;
  const live = record && liveTestOf(record);
  if (!live) throw new Error('nothing is live beside each other');
  for (let n = 0; n < requests; n++) {
    app.recorder.saw(live, 'production', { ok: true, inferNs: 2e6 });
    app.recorder.saw(live, 'candidate', { ok: n >= errors, inferNs: 4e6 });
  }
  await app.recorder.flush();
}

const startOf = (n: number) =>
  startRollout(app, { model, who, wanted: { version: version(n), minRequests: 0, minSeconds: 0 } });

describe('two versions', () => {
  test('side by side: states, reports, this instance’s statistics', async () => {
    app.statistics.failed(model, 2, 5);
    const { status, body } = await compare('?a=2&b=4');
    expect(status).toBe(200);
    expect(body).toMatchObject({
      model: 'churn',
      a: {
        version: '2',
        state: 'ready',
        report: { version: '2', outcome: 'ready' },
        statistics: { inference_stats: { fail: { count: 1, ns: 5 } } },
      },
      b: { version: '4', state: 'rejected', report: { reasons: ['it has no inputs'] } },
    });
    expect(body).not.toHaveProperty('live');
  });

  test('by alias, and before one of them is decided', async () => {
    await nameVersion(app, {
      model,
      alias: 'champion' as AliasName,
      version: version(2),
      allows,
      who,
    });
    const { status, body } = await compare('?a=champion&b=5');
    expect(status).toBe(200);
    expect(body).toMatchObject({ a: { version: '2' }, b: { version: '5', state: 'pending' } });
    expect(body.b).not.toHaveProperty('report');
  });

  test.each([
    ['?a=1', 400, /^b: expected a version or an alias/],
    ['?b=1', 400, /^a: expected a version or an alias/],
    ['?a=&b=1', 400, /^a: expected a version or an alias/],
    ['?a=0&b=1', 400, /version/],
    ['?a=1&b=1', 400, /expected two versions of model churn, got version 1 twice/],
    ['?a=1&b=9', 404, /version 9 of model churn is unknown/],
    ['?a=1&b=champion', 404, /no alias champion/],
  ])('%s is refused with %d', async (query, status, detail) => {
    const answer = await compare(query);
    expect(answer).toMatchObject({ status, body: { detail: expect.stringMatching(detail) } });
  });

  test('of an unknown model are unknown', async () => {
    expect((await compare('?a=1&b=2', 'nobody')).status).toBe(404);
  });
});

describe('live figures', () => {
  test('of a rollout, over all its stages, whichever way round it is asked', async () => {
    const { rollout } = await startOf(2);
    await serve(10, 1);
    const { judgeRollouts } = await import('../shared/usecases/judge-rollouts.ts');
    await judgeRollouts(app);
    expect((await app.registry.readModel(model))?.value.rollout?.stage.number).toBe(1);
    await serve(5, 1);
    const { body } = await compare('?a=2&b=1');
    expect(body.live).toMatchObject({
      rollout: rollout.id,
      state: 'running',
      stage: { number: 1 },
      since: rollout.createdAt,
      verdict: { decision: 'advance' },
      production: { version: '1', requests: 15, errors: 0 },
      candidate: { version: '2', requests: 15, errors: 2, errorRate: 2 / 15 },
    });
    expect(body.live).not.toHaveProperty('shadow');
    expect((await compare('?a=2&b=3')).body).not.toHaveProperty('live');
  });

  test('of one that is over, also when another one was after it', async () => {
    const first = await startOf(2);
    await serve(3, 0);
    const end = { model, command: 'abort', allows, who } as const;
    await commandRollout(app, { ...end, id: first.rollout.id });
    const second = await startOf(3);
    await serve(4, 4);
    await commandRollout(app, { ...end, id: second.rollout.id });
    await startOf(2).then(({ rollout }) => commandRollout(app, { ...end, id: rollout.id }));
    expect((await compare('?a=1&b=3')).body.live).toMatchObject({
      rollout: second.rollout.id,
      state: 'aborted',
      candidate: { version: '3', requests: 4, errors: 4 },
    });
    // The latest of the two: nothing was counted in it.
    const { live } = (await compare('?a=1&b=2')).body;
    expect(live).toMatchObject({ state: 'aborted', candidate: { version: '2', requests: 0 } });
    expect(live).not.toHaveProperty('updatedAt');
  });

  test('of versions that were routed by hand', async () => {
    const routing = { production: version(1), shadow: { version: version(3), percent: 50 } };
    await routeTraffic(app, { model, routing, allows, who });
    const record = (await app.registry.readModel(model))?.value;
    const live = record && liveTestOf(record);
    if (!live) throw new Error('nothing is live beside each other');
    const observed = { labels: ['a'], numbers: new Map() };
    app.recorder.compared(live, {
      production: { ok: true, observed },
      candidate: { ok: true, observed: { ...observed, labels: ['b'] } },
    });
    await app.recorder.flush();
    const found = (await compare('?a=1&b=3')).body.live;
    expect(found).toMatchObject({
      updatedAt: expect.stringMatching(/^20/),
      production: { version: '1', requests: 1, answers: { a: 1 } },
      candidate: { version: '3', requests: 1, answers: { b: 1 } },
      shadow: { compared: 1, disagreed: 1, agreement: 0 },
    });
    expect(found).not.toHaveProperty('rollout');
  });
});
