import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { functions } from '../functions/index.ts';
import { ACCESS, expected, outcome } from './journeys/access-table.ts';
import type { Binding, HttpResult } from './stand-ins/functions-core.ts';
import { type FunctionsProcess, startFunctions } from './stand-ins/functions-process.ts';

// The bundled main as the Functions worker loads it.

const main = join(process.env.PILOTLIGHT_TEST_DIST ?? '', 'main.mjs');
// Nothing listens there: who is refused needs no storage.
const connected = {
  PILOTLIGHT_STORAGE:
    'DefaultEndpointsProtocol=http;AccountName=a;AccountKey=a2V5;BlobEndpoint=http://127.0.0.1:1/a;QueueEndpoint=http://127.0.0.1:1/a',
  PILOTLIGHT_COSMOS: 'AccountEndpoint=http://127.0.0.1:1/;AccountKey=a2V5',
};
const document = (answer: unknown) =>
  JSON.parse(Buffer.from((answer as HttpResult).body).toString()) as Record<string, unknown>;

describe.each([
  { mode: 'proxied', env: {}, proxied: true },
  { mode: 'over gRPC', env: { PILOTLIGHT_HTTP_STREAMING: 'false' }, proxied: false },
])('HTTP $mode, without settings', ({ env, proxied }) => {
  let worker: FunctionsProcess;
  beforeAll(async () => {
    worker = await startFunctions({ main, env });
  });
  afterAll(async () => {
    await worker.stop();
  });

  test('the setting decides how HTTP travels', () => {
    expect(worker.proxied).toBe(proxied);
  });

  test('every function of the table is registered, and no other', async () => {
    const registered = (await worker.ask({ do: 'list' })) as {
      name: string;
      bindings: Record<string, Binding>;
    }[];
    const triggers = registered.map(({ name, bindings }) => {
      const trigger = Object.values(bindings).find(({ direction }) => direction === 'in');
      return { name, trigger };
    });
    const expected = functions.map((definition) => {
      switch (definition.kind) {
        case 'http': {
          const { route, methods } = definition;
          const authLevel = definition.access === 'anonymous' ? 'anonymous' : 'function';
          return {
            name: definition.name,
            trigger: { type: 'httpTrigger', route, methods, authLevel },
          };
        }
        case 'queue':
          return {
            name: definition.name,
            trigger: { type: 'queueTrigger', queueName: definition.queue },
          };
        case 'blob':
          return { name: definition.name, trigger: { type: 'blobTrigger', path: definition.path } };
        case 'timer':
          return {
            name: definition.name,
            trigger: { type: 'timerTrigger', schedule: definition.schedule },
          };
        case 'warmup':
          return { name: definition.name, trigger: { type: 'warmupTrigger' } };
      }
    });
    expect(triggers).toMatchObject(expected);
    expect(triggers).toHaveLength(expected.length);
  });

  test('every HTTP function says that the app is not set up; the log names the setting', async () => {
    for (const definition of functions) {
      if (definition.kind !== 'http') continue;
      const answer = (await worker.ask({
        do: 'http',
        name: definition.name,
        call: { method: definition.methods[0] ?? 'GET', url: `http://host/${definition.route}` },
      })) as HttpResult;
      expect(answer).toMatchObject({ status: 503, headers: { 'retry-after': '10' } });
      const problem = document(answer);
      expect(problem.error).toMatch(/cannot start as it is set up/);
      expect(JSON.stringify(problem)).not.toContain('PILOTLIGHT_');
      const logs = ((await worker.ask({ do: 'logs' })) as string[]).join('\n');
      expect(logs).toContain(problem.instance);
      expect(logs).toContain('PILOTLIGHT_STORAGE__blobServiceUri: not set');
    }
  });

  test('a message is left to the host until the app is set up', async () => {
    for (const definition of functions) {
      if (definition.kind !== 'queue') continue;
      const delivery = worker.ask({ do: 'invoke', name: definition.name, data: { string: '{}' } });
      await expect(delivery).rejects.toThrow(/cannot start as it is set up/);
    }
  });

  test('an app that never started is terminated all the same', async () => {
    await worker.ask({ do: 'terminate' });
    expect(worker.output()).not.toMatch(/error/i);
  });
});

test('an app that is terminated while it is made is closed, and does not end itself', async () => {
  const worker = await startFunctions({ main, env: connected });
  try {
    const call = { method: 'GET', url: 'http://host/v2' };
    const first = worker.ask({ do: 'http', name: 'server-metadata', call });
    // The call has come, and the making takes longer than this.
    await sleep(30);
    await worker.ask({ do: 'terminate' });
    await first;
    // As long as it takes to be noticed, and to be acted on.
    await sleep(2_500);
    expect(worker.output()).toBe('');
    expect(await worker.ask({ do: 'list' })).toHaveLength(functions.length);
  } finally {
    await worker.stop();
  }
});

test('a setting for streaming that is no boolean does not stop the functions from loading', async () => {
  const worker = await startFunctions({ main, env: { PILOTLIGHT_HTTP_STREAMING: 'perhaps' } });
  try {
    expect(await worker.ask({ do: 'list' })).toHaveLength(functions.length);
  } finally {
    await worker.stop();
  }
});

describe('access', () => {
  const signedIn = { PILOTLIGHT_ACCESS: 'roles', WEBSITE_AUTH_ENABLED: 'True' };
  const open = functions.filter(
    (definition) => definition.kind === 'http' && definition.access === 'anonymous',
  );
  const authLevels = async (worker: FunctionsProcess) => {
    const registered = (await worker.ask({ do: 'list' })) as {
      name: string;
      bindings: Record<string, Binding>;
    }[];
    return new Map(
      registered.flatMap(({ name, bindings }) => {
        const trigger = Object.values(bindings).find(({ type }) => type === 'httpTrigger');
        return trigger ? [[name, trigger['authLevel']] as const] : [];
      }),
    );
  };
  const call = async (worker: FunctionsProcess, route: string, headers = {}) => {
    const [method = '', path = ''] = route.split(' ');
    const found = functions.find(
      (one) => one.kind === 'http' && one.route === path && one.methods.some((m) => m === method),
    );
    const params = { model: 'nothing-like-it', version: '7', id: 'nothing', alias: 'nothing' };
    return (await worker.ask({
      do: 'http',
      name: found?.name ?? route,
      call: { method, url: `http://host/${path}`, headers, params },
    })) as HttpResult;
  };
  const principal = (role: string) => {
    const claims = [
      { typ: 'azp', val: 'a-service' },
      { typ: 'roles', val: role },
    ];
    const document = { auth_typ: 'aad', name_typ: 'name', role_typ: 'roles', claims };
    return {
      'x-ms-client-principal': Buffer.from(JSON.stringify(document)).toString('base64'),
    };
  };

  test.each([
    ['nothing', {}, 'function'],
    ['keys', { PILOTLIGHT_ACCESS: 'keys' }, 'function'],
    ['a slip', { PILOTLIGHT_ACCESS: 'Roles' }, 'function'],
    ['roles', { PILOTLIGHT_ACCESS: 'roles' }, 'anonymous'],
    ['open', { PILOTLIGHT_ACCESS: 'open' }, 'anonymous'],
  ])('with %s the platform asks for keys, or not', async (_what, env, level) => {
    const worker = await startFunctions({ main, env });
    try {
      for (const [name, authLevel] of await authLevels(worker)) {
        const health = open.some((definition) => definition.name === name);
        expect([name, authLevel]).toEqual([name, health ? 'anonymous' : level]);
      }
    } finally {
      await worker.stop();
    }
  });

  test('by roles it does not start where nobody checks who signs in', async () => {
    const env = { ...connected, ...signedIn, WEBSITE_AUTH_ENABLED: 'False' };
    const worker = await startFunctions({ main, env });
    try {
      for (const route of ['GET v2', 'GET v2/health/live', 'DELETE models/{model}']) {
        const answer = await call(worker, route, principal('Operator'));
        expect([route, answer.status]).toEqual([route, 503]);
      }
      const logs = ((await worker.ask({ do: 'logs' })) as string[]).join('\n');
      expect(logs).toContain('WEBSITE_AUTH_ENABLED is not True');
    } finally {
      await worker.stop();
    }
  });

  test('by roles each route refuses whose principal may not call it', async () => {
    const worker = await startFunctions({ main, env: { ...connected, ...signedIn } });
    try {
      for (const [route, needed] of Object.entries(ACCESS)) {
        for (const holder of [undefined, 'Scorer', 'Publisher'] as const) {
          const wanted = expected(needed, holder);
          if (wanted === 'let in') continue;
          const headers = holder === undefined ? {} : principal(holder);
          const { status } = await call(worker, route, headers);
          expect([route, holder, outcome(status)]).toEqual([route, holder, wanted]);
        }
      }
      expect((await call(worker, 'GET v2', principal('Scorer'))).status).toBe(200);
      expect((await call(worker, 'GET v2/health/live')).status).toBe(200);
      const { status, headers } = await call(worker, 'GET v2', { 'x-functions-key': 'a key' });
      expect([status, headers['www-authenticate']]).toEqual([401, 'Bearer']);
    } finally {
      await worker.stop();
    }
  });

  test('by keys nobody becomes an operator, or is refused, for a principal', async () => {
    const worker = await startFunctions({ main, env: connected });
    try {
      for (const headers of [{}, principal('nothing'), { 'x-functions-key': 'a key' }]) {
        expect((await call(worker, 'GET v2', headers)).status).toBe(200);
      }
    } finally {
      await worker.stop();
    }
  });
});
