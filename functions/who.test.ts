import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { UNTOLD } from '../shared/telemetry/operation.ts';
import { createMemoryApp, FINE, type MemoryApp, quietContext, send } from '../test/memory-app.ts';
import { cancelBatchFunction } from './cancel-batch.ts';
import {
  abortRolloutFunction,
  pauseRolloutFunction,
  promoteRolloutFunction,
  resumeRolloutFunction,
} from './command-rollout.ts';
import { createBatchFunction } from './create-batch.ts';
import { deleteModelFunction } from './delete-model.ts';
import { listBatchesFunction } from './list-batches.ts';
import { nameVersionFunction } from './name-version.ts';
import { registerModelFunction } from './register-model.ts';
import { removeAliasFunction } from './remove-alias.ts';
import { retireVersionFunction } from './retire-version.ts';
import { rollBackFunction } from './roll-back.ts';
import { routeTrafficFunction } from './route-traffic.ts';
import { startRolloutFunction } from './start-rollout.ts';
import type { HttpFunction } from './trigger.ts';
import { validateRegistrationFunction } from './validate-registration.ts';

// Whoever does something stands beside it, under the name that the platform gave.

let app: MemoryApp;
beforeEach(async () => {
  app = await createMemoryApp({ PILOTLIGHT_ACCESS: 'roles', WEBSITE_AUTH_ENABLED: 'True' });
});
afterEach(() => app.close());

let acts = 0;

/** Sends a request by somebody new, who must succeed; answers the document and who it was. */
async function act(
  definition: HttpFunction,
  {
    type = 'application/json',
    ...more
  }: { type?: string; body?: unknown; [param: string]: unknown },
): Promise<{ who: string; document: Record<string, unknown> }> {
  const name = `caller-${++acts}@example.org`;
  const claims = [
    { typ: 'preferred_username', val: name },
    { typ: 'roles', val: 'Operator' },
  ];
  const { body, query = '', ...params } = more;
  const answer = await send(app, definition, {
    path: `/${definition.route}?${String(query)}`,
    params: { model: 'churn', ...(params as Record<string, string>) },
    headers: {
      'content-type': type,
      'x-ms-client-principal': Buffer.from(JSON.stringify({ claims })).toString('base64'),
    },
    ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  });
  const said = `${definition.name}: ${answer.status} ${JSON.stringify(answer.body)}`;
  expect([said, answer.status < 300]).toEqual([said, true]);
  return { who: `user:${name}`, document: answer.body === undefined ? {} : answer.json() };
}

/** The last event of the model that somebody caused. */
async function lastEvent(): Promise<{ type: string; who: string } | undefined> {
  const record = await app.registry.readModel('churn' as never);
  const events = record?.value.events ?? [];
  const { type, who } = events.findLast((event) => event.type !== 'ready') ?? {};
  return type === undefined || who === undefined ? undefined : { type, who };
}

async function register(file: string): Promise<void> {
  app.inspection = FINE;
  const type = 'application/octet-stream';
  const { who } = await act(registerModelFunction, { type, body: file });
  expect(await lastEvent()).toEqual({ type: 'registered', who });
  for (const message of app.messages.registrations.splice(0)) {
    await validateRegistrationFunction.handler(app, message, quietContext(), UNTOLD);
  }
}

test('every change of a model says who made it', async () => {
  for (const file of ['one', 'two', 'three']) await register(file);
  const change = async (type: string, definition: HttpFunction, more = {}) => {
    const { who, document } = await act(definition, more);
    expect(await lastEvent()).toEqual({ type, who });
    return document;
  };
  await change('aliased', nameVersionFunction, { alias: 'champion', body: { version: '1' } });
  await change('unaliased', removeAliasFunction, { alias: 'champion' });
  await change('routed', routeTrafficFunction, { body: { production: '2' } });
  await change('rolledBack', rollBackFunction);
  const begin = async (version: string) => {
    const body = { version, minRequests: 0, minSeconds: 0 };
    return await change('rolloutStarted', startRolloutFunction, { body });
  };
  const { id } = await begin('3');
  await change('rolloutPaused', pauseRolloutFunction, { id });
  await change('rolloutResumed', resumeRolloutFunction, { id });
  await change('rolloutCompleted', promoteRolloutFunction, { id });
  await change('rolloutAborted', abortRolloutFunction, { id: (await begin('2')).id });
  await change('retired', retireVersionFunction, { version: '2' });
  await change('deleted', deleteModelFunction, { query: 'force=true' });
});

test('a batch says who asked for it, and who cancelled it', async () => {
  await register('one');
  const asked = await act(createBatchFunction, {
    type: 'text/csv',
    query: 'model=churn',
    body: 'x\n1\n',
  });
  expect(asked.document).toMatchObject({ who: asked.who });
  const ended = await act(cancelBatchFunction, { id: asked.document.id });
  expect(ended.document).toMatchObject({
    state: 'cancelled',
    who: asked.who,
    reason: `cancelled by ${ended.who}`,
  });
  const list = await act(listBatchesFunction, {});
  expect(list.document).toMatchObject({ batches: [{ who: asked.who }] });
});
