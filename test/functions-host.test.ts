import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { functions } from '../functions/index.ts';
import type { Binding, HttpResult } from './stand-ins/functions-core.ts';
import { type FunctionsProcess, startFunctions } from './stand-ins/functions-process.ts';

// The bundled main as the Functions worker loads it.

const main = join(process.env.PILOTLIGHT_TEST_DIST ?? '', 'main.mjs');
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
          const authLevel = definition.access;
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

test('a setting for streaming that is no boolean does not stop the functions from loading', async () => {
  const worker = await startFunctions({ main, env: { PILOTLIGHT_HTTP_STREAMING: 'perhaps' } });
  try {
    expect(await worker.ask({ do: 'list' })).toHaveLength(functions.length);
  } finally {
    await worker.stop();
  }
});
