import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { sample } from './client.ts';
import {
  call,
  type EventDocument,
  eventsOf,
  get,
  type ModelDocument,
  modelOf,
  type RolloutDocument,
  registerFixture,
} from './rollout-client.ts';
import { discard, type RunningHost, startHost } from './running-host.ts';

// What people do with rollouts, over HTTP. No rollout here is ever through with a step by itself.

let host: RunningHost;
beforeAll(async () => {
  host = await startHost();
});
afterAll(async () => {
  await discard(host);
});

const SLOW_PLAN = { steps: [10, 50], minRequests: 1_000_000 };

/** A model whose versions 1, 2, … are these fixtures. */
async function modelWith(name: string, ...fixtures: string[]): Promise<string> {
  for (const [i, fixture] of fixtures.entries()) {
    const version = await registerFixture(host.url, name, fixture);
    expect(version).toMatchObject({ version: String(i + 1), state: 'ready' });
  }
  return `${host.url}/models/${name}`;
}

async function started(model: string, version = '2'): Promise<RolloutDocument> {
  const { status, document } = await call<RolloutDocument>('POST', `${model}/rollouts`, {
    version,
    ...SLOW_PLAN,
  });
  expect([status, document.error]).toEqual([201, undefined]);
  return document;
}

const route = (model: string, body: object) => call<ModelDocument>('PUT', `${model}/routing`, body);
const productionOf = async (name: string) => (await modelOf(host.url, name)).routing.production;
const typesOf = (events: readonly EventDocument[]) => events.map(({ type }) => type);

describe('a rollout', () => {
  test('is started, paused, resumed and promoted; each is an event once', async () => {
    const model = await modelWith('promoted', 'plain', 'better');
    const begun = await call<RolloutDocument>('POST', `${model}/rollouts`, {
      version: '2',
      ...SLOW_PLAN,
    });
    const { id } = begun.document;
    expect(begun.status).toBe(201);
    expect(begun.headers.get('location')).toBe(`/models/promoted/rollouts/${id}`);
    expect(begun.document).toMatchObject({
      state: 'running',
      version: '2',
      from: '1',
      percent: 10,
      steps: [10, 50, 100],
    });
    const routing = { production: '1', candidate: { version: '2', percent: 10 } };
    expect(await modelOf(host.url, 'promoted')).toMatchObject({
      routing,
      rollout: { id, state: 'running', percent: 10 },
    });

    const path = `${model}/rollouts/${id}`;
    const before = await call<ModelDocument>('GET', model);
    const paused = await call<RolloutDocument>('POST', `${path}/pause`, { why: 'lunch' });
    expect(paused).toMatchObject({ status: 200, document: { state: 'paused', why: 'lunch' } });
    expect(paused.headers.get('etag')).not.toBe(before.headers.get('etag'));
    const again = await call('POST', `${path}/pause`);
    expect([again.status, again.headers.get('etag')]).toEqual([200, paused.headers.get('etag')]);
    const resumed = await call('POST', `${path}/resume`);
    expect(resumed).toMatchObject({ status: 200, document: { state: 'running' } });
    const promoted = await call<RolloutDocument & ModelDocument>('POST', `${path}/promote`);
    expect(promoted.document).toMatchObject({
      state: 'completed',
      percent: 100,
      name: 'promoted',
      routing: { production: '2' },
    });
    const late = await call<{ error: string }>('POST', `${path}/abort`);
    expect([late.status, late.document.error]).toEqual([409, expect.stringContaining('completed')]);
    expect(typesOf(await eventsOf(host.url, 'promoted')).slice(-4)).toEqual([
      'rolloutStarted',
      'rolloutPaused',
      'rolloutResumed',
      'rolloutCompleted',
    ]);
  });

  test('is aborted; nothing else changes what is routed meanwhile', async () => {
    const model = await modelWith('aborted', 'plain', 'better', 'erring');
    const { id } = await started(model);
    for (const [method, path, body] of [
      ['POST', '/rollouts', { version: '3' }],
      ['PUT', '/routing', { production: '3' }],
      ['DELETE', '/versions/2', undefined],
      ['DELETE', '/versions/1', undefined],
    ] as const) {
      const { status, document } = await call<{ error: string }>(method, `${model}${path}`, body);
      expect([path, status, document.error]).toEqual([path, 409, expect.stringMatching(/./)]);
    }
    const aborted = await call<RolloutDocument>('POST', `${model}/rollouts/${id}/abort`);
    expect(aborted.document).toMatchObject({ state: 'aborted', percent: 0 });
    expect((await modelOf(host.url, 'aborted')).routing).toEqual({ production: '1' });
    expect((await call('DELETE', `${model}/versions/2`)).status).toBe(204);
  });

  test('what can’t be rolled out is refused, with the reason', async () => {
    const model = await modelWith('refused', 'plain', 'better', 'erring');
    for (const [body, status, error] of [
      [{ version: '1' }, 409, 'production'],
      [{ version: '9' }, 409, '9'],
      [{}, 400, 'version'],
      [{ version: '2', steps: [50, 25] }, 400, 'steps'],
      [{ version: '2', shadow: { percent: 0 } }, 400, 'shadow'],
      [{ version: '2', minRequests: -1 }, 400, 'minRequests'],
      [{ version: '2', step: [1] }, 400, 'step'],
    ] as const) {
      const refused = await call<{ error: string }>('POST', `${model}/rollouts`, body);
      expect([body, refused.status]).toEqual([body, status]);
      expect(refused.document.error).toContain(error);
    }
    await route(model, { production: '1', candidate: { version: '3', percent: 10 } });
    const other = await call<{ error: string }>('POST', `${model}/rollouts`, { version: '2' });
    expect([other.status, other.document.error]).toEqual([
      409,
      expect.stringContaining('candidate'),
    ]);
  });

  test('breaking callers takes allowBreaking, by rollout and by hand', async () => {
    const model = await modelWith('breaking', 'plain');
    const form = new FormData();
    form.append('model', new Blob([Uint8Array.from(await sample('churn'))]), 'churn.onnx');
    const churn = await fetch(`${model}/versions`, {
      method: 'POST',
      headers: { prefer: 'wait=60' },
      body: form,
    });
    expect(churn.status).toBe(201);
    const refused = await call<{ error: string }>('POST', `${model}/rollouts`, { version: '2' });
    expect([refused.status, refused.document.error]).toEqual([
      409,
      expect.stringMatching(/image.*allowBreaking|allowBreaking.*image/s),
    ]);
    expect((await route(model, { production: '2' })).status).toBe(409);
    expect((await route(model, { production: '2', allowBreaking: true })).status).toBe(200);
    // A shadow answers nobody.
    const shadow = { production: '2', shadow: { version: '1', percent: 10 } };
    expect((await route(model, shadow)).status).toBe(200);
    await route(model, { production: '1', allowBreaking: true });
    const begun = await call('POST', `${model}/rollouts`, { version: '2', allowBreaking: true });
    expect(begun.status).toBe(201);
  });

  test('the same Idempotency-Key is the same rollout, also when it is over', async () => {
    const model = await modelWith('repeated', 'plain', 'better');
    const start = (body: object) =>
      call<RolloutDocument>('POST', `${model}/rollouts`, body, { 'idempotency-key': 'once' });
    const body = { version: '2', ...SLOW_PLAN };
    const [first, second] = await Promise.all([start(body), start(body)]);
    expect([first.status, second.status]).toEqual([201, 201]);
    expect(second.document.id).toBe(first.document.id);
    expect((await start({ version: '2' })).status).toBe(409);
    await call('POST', `${model}/rollouts/${first.document.id}/abort`);
    expect(await start(body)).toMatchObject({ status: 201, document: { state: 'aborted' } });
    const { rollouts } = await get<{ rollouts: RolloutDocument[] }>(`${model}/rollouts`);
    expect(rollouts.map(({ id }) => id)).toEqual([first.document.id]);
  });

  test('If-Match guards it', async () => {
    const model = await modelWith('guarded', 'plain', 'better');
    const etag = (await call('GET', model)).headers.get('etag') ?? '';
    const { id } = await started(model);
    const pause = `${model}/rollouts/${id}/pause`;
    expect((await call('POST', pause, undefined, { 'if-match': etag })).status).toBe(412);
    const now = (await call('GET', model)).headers.get('etag') ?? '';
    expect((await call('POST', pause, undefined, { 'if-match': now })).status).toBe(200);
  });

  test('all of them are listed, the newest first, page by page', async () => {
    const model = await modelWith('listed', 'plain', 'better');
    const ids: string[] = [];
    for (let n = 0; n < 3; n++) {
      const { id } = await started(model);
      ids.unshift(id);
      await call('POST', `${model}/rollouts/${id}/abort`);
    }
    const listed: string[] = [];
    for (let continuation: string | undefined = ''; continuation !== undefined; ) {
      const query = `limit=2${continuation && `&continuation=${continuation}`}`;
      const page: { rollouts: RolloutDocument[]; continuation?: string } = await get(
        `${model}/rollouts?${query}`,
      );
      listed.push(...page.rollouts.map(({ id }) => id));
      continuation = page.continuation;
    }
    expect(listed).toEqual(ids);
    for (const id of ids) expect(await get(`${model}/rollouts/${id}`)).toMatchObject({ id });
  });
});

describe('POST rollback', () => {
  const back = (model: string, headers = {}) =>
    call<ModelDocument>('POST', `${model}/rollback`, undefined, headers);

  test('after 1, 2, 3 goes to 2, then to 1, never forth', async () => {
    const model = await modelWith('stepped', 'plain', 'better', 'erring');
    for (const production of ['2', '3']) await route(model, { production });
    const first = await back(model);
    expect([first.status, first.document.routing]).toEqual([200, { production: '2' }]);
    expect(first.headers.get('etag')).toBe((await call('GET', model)).headers.get('etag'));
    expect((await back(model)).document.routing).toEqual({ production: '1' });
    const none = await back(model);
    expect([none.status, none.document.error]).toEqual([409, expect.stringMatching(/./)]);
    expect((await eventsOf(host.url, 'stepped')).at(-1)).toMatchObject({ type: 'rolledBack' });
  });

  test('skips what is retired', async () => {
    const model = await modelWith('skipped', 'plain', 'better', 'erring');
    for (const production of ['2', '3']) await route(model, { production });
    expect((await call('DELETE', `${model}/versions/2`)).status).toBe(204);
    expect((await back(model)).document.routing).toEqual({ production: '1' });
  });

  test('with the same Idempotency-Key goes back once', async () => {
    const model = await modelWith('backonce', 'plain', 'better', 'erring');
    for (const production of ['2', '3']) await route(model, { production });
    const key = { 'idempotency-key': 'back' };
    expect([await back(model, key), await back(model, key)]).toMatchObject([
      { status: 200 },
      { status: 200 },
    ]);
    expect(await productionOf('backonce')).toBe('2');
  });

  test('aborts a rollout that runs', async () => {
    const model = await modelWith('backout', 'plain', 'better', 'erring');
    await route(model, { production: '2' });
    const { id } = await started(model, '3');
    expect((await back(model)).document.routing).toEqual({ production: '1' });
    expect(await get(`${model}/rollouts/${id}`)).toMatchObject({ state: 'aborted' });
    // Nothing was before 1: ending its rollout is all there is to do.
    await started(model, '3');
    expect((await back(model)).document.routing).toEqual({ production: '1' });
    expect((await back(model)).status).toBe(409);
  });
});
