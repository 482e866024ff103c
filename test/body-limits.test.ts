import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { answerHttp } from '../functions/http.ts';
import { functions } from '../functions/index.ts';
import { registerModelFunction } from '../functions/register-model.ts';
import { validateRegistrationFunction } from '../functions/validate-registration.ts';
import { UNTOLD } from '../shared/telemetry/operation.ts';
import { createMemoryApp, type MemoryApp, quietContext, send } from './memory-app.ts';

// How much of a body each function takes, by hand; a function that is missing here fails the test.

const MAX_BODY_BYTES = 3_000_000;
const NOTHING = 0;
const JSON_BYTES = 10_000;

/** Bytes that are read at most of a body that says nothing of its length, by its type. */
const READ: Readonly<Record<string, Readonly<Record<string, number>>>> = {
  infer: { 'application/json': MAX_BODY_BYTES, 'application/octet-stream': MAX_BODY_BYTES },
  'infer-version': { 'application/json': MAX_BODY_BYTES },
  'repository-index': { 'application/json': 1_000_000 },
  'repository-load': { 'application/json': 1_000_000 },
  'repository-unload': { 'application/json': 1_000_000 },
  'register-model': {
    'application/octet-stream': MAX_BODY_BYTES,
    'multipart/form-data; boundary=b': MAX_BODY_BYTES,
    'application/json': 524_288,
    'text/plain': NOTHING,
  },
  'name-version': { 'application/json': 1_000 },
  'route-traffic': { 'application/json': JSON_BYTES },
  'start-rollout': { 'application/json': JSON_BYTES },
  'pause-rollout': { 'application/json': JSON_BYTES },
  'resume-rollout': { 'application/json': JSON_BYTES },
  'promote-rollout': { 'application/json': JSON_BYTES },
  'abort-rollout': { 'application/json': JSON_BYTES },
  'roll-back': { 'application/json': JSON_BYTES },
  upload: { 'application/json': JSON_BYTES },
  'create-batch': {
    'application/json': 1_000_000,
    'text/csv': MAX_BODY_BYTES,
    'application/x-ndjson': MAX_BODY_BYTES,
    'text/plain': NOTHING,
  },
  'cancel-batch': { 'application/json': NOTHING },
  'delete-model': { 'application/json': NOTHING },
  'retire-version': { 'application/json': NOTHING },
  'remove-alias': { 'application/json': NOTHING },
};
const CHUNK_BYTES = 10_000;

let app: MemoryApp;
beforeAll(async () => {
  app = await createMemoryApp({
    PILOTLIGHT_MAX_BODY_BYTES: String(MAX_BODY_BYTES),
    PILOTLIGHT_MAX_QUEUED_BYTES: '100000000',
  });
  // A batch's rows are read only for a model that there is.
  await send(app, registerModelFunction, {
    path: '/models/m/versions',
    params: { model: 'm' },
    headers: { 'content-type': 'application/octet-stream' },
    body: 'a model',
  });
  for (const message of app.messages.registrations.splice(0)) {
    await validateRegistrationFunction.handler(app, message, quietContext(), UNTOLD);
  }
});
afterAll(() => app.close());

const sending = functions.filter(
  (definition) =>
    definition.kind === 'http' && definition.methods.some((method) => method !== 'GET'),
);

test('the table of this test is the app’s', () => {
  expect(Object.keys(READ).sort()).toEqual(sending.map(({ name }) => name).sort());
});

/** Sends a body without end; answers the status and how many bytes of it were asked for. */
async function pour(name: string, type: string): Promise<{ status: number; read: number }> {
  const definition = functions.find((one) => one.name === name);
  if (definition?.kind !== 'http') throw new Error(`no HTTP function ${name}`);
  let read = 0;
  const start = type.startsWith('multipart')
    ? '--b\r\ncontent-disposition: form-data; name="model"; filename="m"\r\n\r\n'
    : '';
  const body = new ReadableStream<Uint8Array>(
    {
      pull(controller) {
        const chunk = new TextEncoder().encode(
          read === 0 ? start.padEnd(CHUNK_BYTES, ' ') : ' '.repeat(CHUNK_BYTES),
        );
        read += chunk.byteLength;
        if (read > 4 * MAX_BODY_BYTES) controller.error(new Error('nobody stopped'));
        else controller.enqueue(chunk);
      },
    },
    { highWaterMark: 0 },
  );
  const path = definition.route.replace(/\{\w+\}/g, '1');
  const { status } = await answerHttp(
    definition,
    app,
    {
      method: definition.methods[0] ?? 'POST',
      url: `http://host/${path}${name === 'create-batch' ? '?model=m' : ''}`,
      headers: new Headers({ 'content-type': type }),
      query: new URLSearchParams(),
      params: { model: 'm', version: '1', alias: 'a', id: 'r-1' },
      body,
      bytes: () => Promise.reject(new Error('read without a length')),
    },
    quietContext(),
  );
  return { status, read };
}

const cases = Object.entries(READ).flatMap(([name, types]) =>
  Object.entries(types).map(([type, most]) => ({ name, type, most })),
);
describe('a body without end', () => {
  test.each(cases)('$name takes $most bytes of $type', async ({ name, type, most }) => {
    const { status, read } = await pour(name, type);
    expect(status).toBeGreaterThanOrEqual(400);
    expect(status).toBeLessThan(500);
    expect(read).toBeLessThanOrEqual(most === NOTHING ? 0 : most + CHUNK_BYTES);
    // It is this bound that stopped it, and none before.
    if (most !== NOTHING)
      expect({ status, enough: read >= most }).toEqual({ status: 413, enough: true });
  });
});

describe('a body that is declared too long is refused unread', () => {
  test.each(functions.filter((one) => one.kind === 'http'))('$name', async (definition) => {
    let touched = false;
    const { status } = await answerHttp(
      definition,
      app,
      {
        method: definition.methods[0] ?? 'POST',
        url: `http://host/${definition.route}`,
        headers: new Headers({ 'content-length': String(MAX_BODY_BYTES + 1) }),
        query: new URLSearchParams(),
        params: { model: 'm', version: '1', alias: 'a', id: 'r-1' },
        get body(): null {
          touched = true;
          return null;
        },
        bytes: () => {
          touched = true;
          return Promise.resolve(new Uint8Array(0));
        },
      },
      quietContext(),
    );
    expect({ status, touched }).toEqual({ status: 413, touched: false });
  });
});
