import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { Fingerprint, ModelName } from '../shared/ids.ts';
import { allocateVersion, decideVersion } from '../shared/usecases/version-lifecycle.ts';
import { createMemoryApp, FINE, type MemoryApp, send } from '../test/memory-app.ts';
import { deleteModelFunction } from './delete-model.ts';
import { listModelsFunction } from './list-models.ts';
import { listVersionsFunction } from './list-versions.ts';
import { nameVersionFunction } from './name-version.ts';
import { readHistoryFunction } from './read-history.ts';
import { readModelFunction } from './read-model.ts';
import { readVersionFunction } from './read-version.ts';
import { removeAliasFunction } from './remove-alias.ts';
import { retireVersionFunction } from './retire-version.ts';
import { routeTrafficFunction } from './route-traffic.ts';
import type { HttpFunction } from './trigger.ts';

let app: MemoryApp;
beforeEach(async () => {
  app = await createMemoryApp();
});
afterEach(() => app.close());

/** Sends a request for model `churn`; `more` is what its path says besides, and its query. */
async function call(
  definition: HttpFunction,
  more: {
    params?: Record<string, string>;
    query?: string;
    body?: unknown;
    ifMatch?: string;
  } = {},
) {
  const params: Record<string, string> = { model: 'churn', ...more.params };
  const path = definition.route.replace(/\{(\w+)\}/g, (_, name: string) => params[name] ?? '');
  const answer = await send(app, definition, {
    path: `/${path}${more.query ? `?${more.query}` : ''}`,
    params,
    ...(more.ifMatch !== undefined && { headers: { 'if-match': more.ifMatch } }),
    ...(more.body !== undefined && { body: JSON.stringify(more.body) }),
  });
  const { status, headers } = answer;
  return {
    status,
    etag: headers?.etag,
    body: status === 204 ? undefined : answer.json(),
  };
}

/** Registers this many versions, all of them ready but those named pending or rejected. */
async function register(
  states: readonly ('ready' | 'rejected' | 'pending')[],
  name = 'churn',
): Promise<void> {
  if (!FINE.ok) throw new Error('FINE is not');
  const { ok, ...fine } = FINE;
  expect(ok).toBe(true);
  const model = name as ModelName;
  for (const [n, state] of states.entries()) {
    const of = { model, incarnation: 1, digest: `${n}`.repeat(64) as never, bytes: 10, card: {} };
    const { entry } = await allocateVersion(
      app,
      { ...of, fingerprint: `f${n}` as Fingerprint },
      'somebody',
    );
    if (state === 'pending') continue;
    const outcome =
      state === 'ready'
        ? ({ kind: 'ready', ...fine } as const)
        : ({ kind: 'rejected', reasons: ['it has no inputs', 'nor outputs'] } as const);
    const { version } = entry;
    const decidedAt = new Date(app.clock()).toISOString();
    await decideVersion(app, { ...of, version, decidedAt, outcome }, 'validator');
  }
}

describe('reading', () => {
  test('a model says what is routed, named and there; its tag is its generation', async () => {
    await register(['ready', 'rejected', 'pending']);
    const { status, etag, body } = await call(readModelFunction);
    expect([status, etag]).toEqual([200, '"1"']);
    const createdAt = expect.stringMatching(/^\d{4}-.*Z$/);
    expect(body).toEqual({
      name: 'churn',
      routing: { production: '1' },
      aliases: {},
      versions: [
        { version: '3', state: 'pending', createdAt },
        { version: '2', state: 'rejected', createdAt },
        { version: '1', state: 'ready', createdAt },
      ],
    });
  });

  test.each([
    readModelFunction,
    listVersionsFunction,
    readVersionFunction,
    readHistoryFunction,
    deleteModelFunction,
    retireVersionFunction,
    removeAliasFunction,
  ])('$name of an unknown model is a 404 that says so', async (definition) => {
    const params = { version: '1', alias: 'x' };
    const { status, body } = await call(definition, { params, ifMatch: '"1"' });
    expect(status).toBe(404);
    expect(body?.error).toMatch(/^Request for unknown model/);
  });

  test('a version shows what is known of it so far', async () => {
    await register(['ready', 'rejected', 'pending']);
    const read = async (version: string) =>
      (await call(readVersionFunction, { params: { version } })).body;
    expect(await read('1')).toMatchObject({
      model: 'churn',
      version: '1',
      state: 'ready',
      digest: '0'.repeat(64),
      bytes: 10,
      card: {},
      signature: {
        inputs: [{ name: 'x', datatype: 'FP32', shape: [-1, 4] }],
        outputs: [{ name: 'y', datatype: 'FP32', shape: [-1] }],
      },
    });
    expect(await read('2')).toMatchObject({
      state: 'rejected',
      reason: 'it has no inputs; nor outputs',
    });
    const pending = await read('3');
    expect(pending).toMatchObject({ state: 'pending', version: '3' });
    expect(pending).not.toHaveProperty('signature');
    expect(pending).not.toHaveProperty('report');
    const unknown = await call(readVersionFunction, { params: { version: '4' } });
    expect([unknown.status, unknown.body?.error]).toEqual([
      404,
      expect.stringContaining('version 4 of model churn is unknown; the newest is 3'),
    ]);
  });

  test('lists go on where their token says, and only there', async () => {
    for (const name of ['a', 'b', 'c']) await register(['pending'], name);
    await register(['ready', 'ready', 'ready']);
    const walk = async (definition: HttpFunction, member: string, key: string) => {
      const pages: unknown[][] = [];
      for (let query = 'limit=2'; query !== ''; ) {
        const { status, body } = await call(definition, { query });
        expect(status).toBe(200);
        pages.push((body?.[member] as Record<string, unknown>[]).map((item) => item[key]));
        const token = body?.continuation as string | undefined;
        query = token === undefined ? '' : `limit=2&continuation=${token}`;
        expect(pages.length).toBeLessThan(9);
      }
      return pages;
    };
    expect(await walk(listModelsFunction, 'models', 'name')).toEqual([
      ['a', 'b'],
      ['c', 'churn'],
    ]);
    expect(await walk(listVersionsFunction, 'versions', 'version')).toEqual([['3', '2'], ['1']]);
    expect(await walk(readHistoryFunction, 'events', 'type')).toEqual([
      ['registered', 'ready'],
      ['routed', 'registered'],
      ['ready', 'registered'],
      ['ready'],
    ]);

    const models = await call(listModelsFunction, { query: 'limit=1' });
    const token = String(models.body?.continuation);
    const wrong = [token.slice(1), 'x', '', 'bnVsbA', `${token}&limit=0`, `${token}&limit=1001`];
    for (const query of wrong) {
      const { status } = await call(listModelsFunction, { query: `continuation=${query}` });
      expect([query, status]).toEqual([query, 400]);
    }
    const elsewhere = await call(listVersionsFunction, { query: `continuation=${token}` });
    expect(elsewhere.status).toBe(400);
  });
});

describe('routing', () => {
  test('is replaced as a whole, by those who know the model as it is', async () => {
    await register(['ready', 'ready', 'ready']);
    const body = { production: '2', candidate: { version: '3', percent: 12.5 } };
    const routed = await call(routeTrafficFunction, { body, ifMatch: '"1"' });
    expect([routed.status, routed.etag]).toEqual([200, '"2"']);
    expect(routed.body).toEqual((await call(readModelFunction)).body);
    expect(routed.body?.routing).toEqual(body);

    const stale = await call(routeTrafficFunction, { body: { production: '1' }, ifMatch: '"1"' });
    expect(stale.status).toBe(412);
    for (const ifMatch of ['*', '"7", "2"']) {
      expect((await call(routeTrafficFunction, { body, ifMatch })).status).toBe(200);
    }
    expect((await call(routeTrafficFunction, { body, ifMatch: '2' })).status).toBe(400);
    const whole = await call(routeTrafficFunction, {
      body: { production: 2, candidate: null, shadow: { version: 1, percent: 100 } },
    });
    expect(whole.body?.routing).toEqual({
      production: '2',
      shadow: { version: '1', percent: 100 },
    });
  });

  test.each<[number, unknown]>([
    [400, {}],
    [400, { production: 'champion' }],
    [400, { production: '0' }],
    [400, { production: 1.5 }],
    [400, { production: '1', canditate: { version: '2', percent: 5 } }],
    [400, { production: '1', candidate: { version: '2' } }],
    [400, { production: '1', candidate: { version: '2', percent: '5' } }],
    [400, []],
    [400, null],
    [409, { production: '3' }],
    [409, { production: '9' }],
    [409, { production: '1', candidate: { version: '1', percent: 5 } }],
    [409, { production: '1', candidate: { version: '2', percent: 101 } }],
  ])('%d for %j', async (status, body) => {
    await register(['ready', 'ready', 'rejected']);
    const answer = await call(routeTrafficFunction, { body });
    expect([answer.status, answer.body?.error]).toEqual([status, answer.body?.detail]);
    expect((await call(readModelFunction)).etag).toBe('"1"');
  });
});

test('a routing of ten thousand characters is not read', async () => {
  await register(['ready']);
  const body = { production: ' '.repeat(10_000) };
  expect((await call(routeTrafficFunction, { body })).status).toBe(413);
});

describe('aliases', () => {
  test('name, move and go', async () => {
    await register(['ready', 'ready']);
    const params = { alias: 'champion' };
    const named = await call(nameVersionFunction, { params, body: { version: '2' } });
    expect([named.status, named.etag]).toEqual([200, '"2"']);
    expect(named.body?.aliases).toEqual({ champion: '2' });
    const again = await call(nameVersionFunction, { params, body: { version: 2 } });
    expect([again.status, again.etag]).toEqual([200, '"2"']);
    const moved = await call(nameVersionFunction, { params, body: { version: '1' } });
    expect(moved.body?.aliases).toEqual({ champion: '1' });

    expect((await call(removeAliasFunction, { params, ifMatch: '"2"' })).status).toBe(412);
    const gone = await call(removeAliasFunction, { params, ifMatch: '"3"' });
    expect([gone.status, gone.etag, gone.body?.aliases]).toEqual([200, '"4"', {}]);
    expect((await call(removeAliasFunction, { params })).status).toBe(404);
  });

  test.each([
    ['champion', { version: '3' }, 409],
    ['champion', { version: '9' }, 409],
    ['champion', { version: 'x' }, 400],
    ['champion', {}, 400],
    ['Champion', { version: '1' }, 400],
    ['1', { version: '1' }, 400],
  ])('%s %j: %d', async (alias, body, status) => {
    await register(['ready', 'ready', 'pending']);
    expect((await call(nameVersionFunction, { params: { alias }, body })).status).toBe(status);
  });
});

describe('removing', () => {
  test('a version is retired once nothing uses it, and stays so', async () => {
    await register(['ready', 'ready']);
    const retire = (version: string) => call(retireVersionFunction, { params: { version } });
    const refused = await retire('1');
    expect([refused.status, refused.body?.error]).toEqual([
      409,
      expect.stringContaining('it is production'),
    ]);
    expect((await retire('2')).status).toBe(204);
    expect((await retire('2')).status).toBe(204);
    expect((await retire('3')).status).toBe(404);
    const { body } = await call(readVersionFunction, { params: { version: '2' } });
    expect(body).toMatchObject({ state: 'retired', signature: {} });
    expect((await call(readModelFunction)).etag).toBe('"1"');
  });

  test('a model goes when it is forced, and its history stays', async () => {
    await register(['ready']);
    expect((await call(deleteModelFunction)).status).toBe(409);
    expect((await call(deleteModelFunction, { query: 'force=yes' })).status).toBe(400);
    const stale = await call(deleteModelFunction, { query: 'force=true', ifMatch: '"9"' });
    expect(stale.status).toBe(412);
    expect((await call(deleteModelFunction, { query: 'force=true', ifMatch: '"1"' })).status).toBe(
      204,
    );
    expect((await call(readModelFunction)).status).toBe(404);
    expect((await call(listModelsFunction)).body).toEqual({ models: [] });
    expect((await call(readVersionFunction, { params: { version: '1' } })).status).toBe(404);
    const { body } = await call(readHistoryFunction);
    expect((body?.events as { type: string }[]).map(({ type }) => type)).toEqual([
      'registered',
      'ready',
      'routed',
      'deleted',
    ]);
  });
});

describe('history', () => {
  test('tells who did what, and what held at a time', async () => {
    await register(['ready', 'ready']);
    app.ahead = 60_000;
    const before = new Date(app.clock() - 30_000).toISOString();
    await call(routeTrafficFunction, { body: { production: '2' } });
    await call(nameVersionFunction, { params: { alias: 'x' }, body: { version: '1' } });

    const { body } = await call(readHistoryFunction);
    const events = body?.events as Record<string, unknown>[];
    expect(events.at(-2)).toEqual({
      seq: 6,
      at: expect.stringMatching(/Z$/),
      who: 'anonymous',
      type: 'routed',
      why: 'routing was replaced',
      figures: { production: '2' },
      routing: { production: '2' },
    });
    const at = (text: string) => call(readHistoryFunction, { query: `at=${text}` });
    expect((await at(before)).body).toEqual({
      at: before,
      routing: { production: '1' },
      aliases: {},
    });
    const now = new Date(app.clock()).toISOString();
    expect((await at(now)).body).toEqual({
      at: now,
      routing: { production: '2' },
      aliases: { x: '1' },
    });
    const early = await at('2001-01-01T00:00:00Z');
    expect(early.status).toBe(404);
  });

  test.each([
    ['2999-01-01T00:00:00Z', 200],
    ['2999-01-01t00:00:00.123456z', 200],
    ['2999-01-01T02:00:00%2B02:00', 200],
    ['2999-01-01T02:00:00+02:00', 200],
    ['2999-01-01T02:00:00-02:00', 200],
    ['2999-01-01', 400],
    ['2999-01-01T00:00:00', 400],
    ['2999-13-01T00:00:00Z', 400],
    ['1700000000', 400],
    ['', 400],
  ])('at=%s: %d', async (text, status) => {
    await register(['ready']);
    expect((await call(readHistoryFunction, { query: `at=${text}` })).status).toBe(status);
  });
});
