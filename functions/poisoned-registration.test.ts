import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { ModelName, Version } from '../shared/ids.ts';
import { UNTOLD } from '../shared/telemetry/operation.ts';
import { createMemoryApp, type MemoryApp, quietContext, send } from '../test/memory-app.ts';
import { runMessage } from './message.ts';
import { poisonedRegistrationFunction } from './poisoned-registration.ts';
import { registerModelFunction } from './register-model.ts';
import type { QueueFunction } from './trigger.ts';
import { validateRegistrationFunction } from './validate-registration.ts';

let app: MemoryApp;
beforeEach(async () => {
  app = await createMemoryApp();
});
afterEach(() => app.close());

async function deliver(definition: QueueFunction, message: unknown): Promise<string[]> {
  const context = quietContext();
  await runMessage(definition, context, () => definition.handler(app, message, context, UNTOLD));
  return context.logged;
}
async function registered() {
  await send(app, registerModelFunction, {
    path: '/models/m/versions',
    params: { model: 'm' },
    headers: { 'content-type': 'application/octet-stream' },
    body: 'bytes',
  });
  return app.messages.registrations.splice(0)[0];
}
const entry = async () => (await app.registry.readModel('m' as ModelName))?.value.versions[0];

describe('a registration that crashed again and again', () => {
  test('gets one more life, then is rejected', async () => {
    const message = await registered();
    await deliver(poisonedRegistrationFunction, message);
    const [revived] = app.messages.registrations.splice(0);
    expect(revived).toEqual({ ...message, revived: 1 });
    expect(await entry()).toMatchObject({ state: 'pending' });

    await deliver(poisonedRegistrationFunction, revived);
    expect(app.messages.registrations).toEqual([]);
    expect(await entry()).toMatchObject({ state: 'rejected' });
    const key = { model: 'm' as ModelName, incarnation: 1, version: 1 as Version };
    expect((await app.registry.readVerdict(key))?.outcome).toMatchObject({
      kind: 'rejected',
      reasons: [expect.stringContaining('validation crashed again and again') as unknown],
    });
  });

  test('is ready all the same when its second life goes well', async () => {
    const message = await registered();
    await deliver(poisonedRegistrationFunction, message);
    await deliver(validateRegistrationFunction, app.messages.registrations[0]);
    expect(await entry()).toMatchObject({ state: 'ready' });
    await deliver(poisonedRegistrationFunction, { ...message, revived: 1 });
    expect(await entry()).toMatchObject({ state: 'ready' });
  });

  test('of a model that is gone is nothing', async () => {
    const gone = { model: 'gone', incarnation: 1, version: 1, revived: 1 };
    await deliver(poisonedRegistrationFunction, gone);
    await deliver(validateRegistrationFunction, gone);
    expect(await app.registry.readModel('gone' as ModelName)).toBeUndefined();
  });
});

test.each([
  undefined,
  null,
  'text',
  12,
  [],
  {},
  { model: 'M', incarnation: 1, version: 1 },
  { model: 'm', incarnation: 0, version: 1 },
  { model: 'm', incarnation: 1, version: 1.5 },
  { model: 'm', incarnation: 1, version: '1' },
])('a message that is none, %j, is logged and done with', async (message) => {
  for (const definition of [validateRegistrationFunction, poisonedRegistrationFunction]) {
    const logged = await deliver(definition, message);
    expect(logged.join('\n')).toContain('given up');
  }
  expect(app.messages.registrations).toEqual([]);
});
