import { readFile } from 'node:fs/promises';
import { HttpRequest, HttpResponse, InvocationContext } from '@azure/functions';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { routeParameters } from '../functions/azure-http.ts';
import { answerHttp } from '../functions/http.ts';
import { functions } from '../functions/index.ts';
import type { HttpFunction, Method } from '../functions/trigger.ts';
import { UNTOLD } from '../shared/telemetry/operation.ts';
import { createWholeApp, type WholeApp } from './stand-ins/whole-app.ts';

// Every HTTP function of the table through Azure's own request and response classes.

let whole: WholeApp;
beforeAll(async () => {
  whole = await createWholeApp();
});
afterAll(async () => {
  await whole.close();
});

interface Sent {
  readonly method: Method;
  readonly params?: Record<string, string>;
  readonly query?: Record<string, string>;
  readonly headers?: Record<string, string>;
  readonly body?: string | Uint8Array;
}

const rpcBody = (body: string | Uint8Array) =>
  typeof body === 'string' ? { string: body } : { bytes: body };

async function send(definition: HttpFunction, sent: Sent) {
  const path = definition.route.replace(/\{\**([^}:?]+)[^}]*\}/g, (_, name: string) =>
    encodeURIComponent(sent.params?.[name] ?? ''),
  );
  const request = new HttpRequest({
    method: sent.method,
    url: `http://127.0.0.1:7071/${path}?${new URLSearchParams(sent.query).toString()}`,
    headers: sent.headers ?? {},
    params: sent.params ?? {},
    query: sent.query ?? {},
    ...(sent.body !== undefined && sent.method !== 'GET' && { body: rpcBody(sent.body) }),
  });
  const logs: string[] = [];
  const context = new InvocationContext({
    functionName: definition.name,
    logHandler: (level, ...parts) => logs.push(`${level} ${parts.join(' ')}`),
  });
  const {
    status,
    headers = {},
    body = null,
  } = await answerHttp(
    definition,
    whole.app,
    Object.assign(request, { bytes: async () => new Uint8Array(await request.arrayBuffer()) }),
    context,
  );
  const response = new HttpResponse({ status, headers, body });
  return { request, response, text: await response.text(), logs };
}

/** What every answer must be. */
async function expectValid(definition: HttpFunction, sent: Sent): Promise<number> {
  const { request, response, text, logs } = await send(definition, sent);
  const told = `${sent.method} ${request.url}: ${response.status} ${text} ${logs.join('\n')}`;
  if (response.status < 400) return response.status;
  const type = request.url.includes('/v2') ? 'application/json' : 'application/problem+json';
  expect([told, response.headers.get('content-type')]).toEqual([told, type]);
  const problem = JSON.parse(text) as Record<string, unknown>;
  expect(problem).toMatchObject({
    type: expect.stringMatching(/^urn:/) as unknown,
    title: expect.stringMatching(/./) as unknown,
    status: response.status,
    detail: problem.error,
    instance: expect.stringMatching(/^urn:uuid:/) as unknown,
    error: expect.stringMatching(/./) as unknown,
  });
  // Nothing here is our fault: 503 may be, but only with a time to come again.
  if (response.status >= 500) {
    expect([told, response.headers.get('retry-after')]).toEqual([
      told,
      expect.stringMatching(/^\d+$/),
    ]);
    expect([told, response.status]).toEqual([told, 503]);
  }
  return response.status;
}

const handlers = functions
  .filter((definition) => definition.kind === 'http')
  .flatMap((definition) => definition.methods.map((method) => ({ definition, method })));

const params = (definition: HttpFunction, value: (name: string) => string) =>
  Object.fromEntries(routeParameters(definition.route).map((name) => [name, value(name)]));
const NONSENSE = [
  '',
  ' ',
  '..',
  '%2F',
  '../../etc/passwd',
  'a'.repeat(5000),
  'Ünknown',
  '\u0000',
  '-1',
  '1e9',
  '__proto__',
];
const BODIES = [
  '',
  '{}',
  '[]',
  'null',
  '{',
  '"x"',
  '\u0000',
  '{"inputs":[{}]}',
  '{"version":{}}',
  'x'.repeat(70_000),
];
const TYPES = [
  '',
  'application/json',
  'application/octet-stream',
  'multipart/form-data',
  'multipart/form-data; boundary=b',
  'text/csv',
];

describe.each(handlers)(
  '$method $definition.route ($definition.name)',
  ({ definition, method }) => {
    test('answers for a model that isn’t there', async () => {
      const known = params(definition, (name) => (name === 'version' ? '1' : 'no-such-model'));
      expect(await expectValid(definition, { method, params: known })).toBeLessThan(504);
    });

    test('answers whatever the path says', async () => {
      for (const value of NONSENSE) {
        await expectValid(definition, {
          method,
          params: params(definition, () => value),
          body: '{}',
        });
      }
      await expectValid(definition, { method });
    });

    test('answers whatever the query and the headers say', async () => {
      const known = params(definition, (name) => (name === 'version' ? '1' : 'no-such-model'));
      for (const value of NONSENSE.filter((one) => !one.includes('\u0000'))) {
        const query = { limit: value, continuation: value, at: value, force: value, ready: value };
        await expectValid(definition, { method, params: known, query });
        const ascii = value.replace(/[^\x20-\x7e]/g, '?');
        const headers = {
          accept: ascii,
          'accept-encoding': ascii,
          'content-encoding': ascii,
          'if-match': ascii,
          'if-none-match': ascii,
          range: ascii,
          prefer: ascii,
          'inference-header-content-length': ascii,
        };
        await expectValid(definition, { method, params: known, headers, body: '{}' });
      }
    });

    test('answers whatever the body holds', async () => {
      const known = params(definition, (name) => (name === 'version' ? '1' : 'no-such-model'));
      for (const body of BODIES) {
        for (const type of TYPES) {
          await expectValid(definition, {
            method,
            params: known,
            body,
            headers: { 'content-type': type },
          });
        }
      }
    });

    test('refuses a body that is declared too large, unread', async () => {
      const sent = { method, params: {}, headers: { 'content-length': '100000001' }, body: 'x' };
      expect(await expectValid(definition, sent)).toBe(413);
    });
  },
);

describe('for a model that is ready', () => {
  beforeAll(async () => {
    const body = await readFile('models/digits/model.onnx');
    const headers = { 'content-type': 'application/octet-stream' };
    const params = { model: 'digits' };
    const register = handlers.find(({ definition }) => definition.name === 'register-model');
    if (!register) throw new Error('no function registers models');
    const { response } = await send(register.definition, { method: 'POST', params, headers, body });
    expect(response.status).toBe(202);
    for (const message of whole.messages.registrations) {
      for (const definition of functions) {
        if (definition.kind !== 'queue' || definition.queue !== 'registrations') continue;
        await definition.handler(whole.app, message, new InvocationContext(), UNTOLD);
      }
    }
  });

  const reading = handlers.filter(
    ({ definition, method }) =>
      method === 'GET' &&
      // It is about two versions, and says so.
      definition.name !== 'compare-versions' &&
      routeParameters(definition.route).every((name) => name === 'model' || name === 'version'),
  );
  test.each(reading)('GET $definition.route succeeds', async ({ definition, method }) => {
    const known = params(definition, (name) => (name === 'version' ? '1' : 'digits'));
    expect(await expectValid(definition, { method, params: known })).toBe(200);
  });

  const predicting = handlers.filter(({ definition }) => definition.route.endsWith('/infer'));
  test.each(predicting)('POST $definition.route predicts', async ({ definition, method }) => {
    const known = params(definition, (name) => (name === 'version' ? '1' : 'digits'));
    const data = Array.from({ length: 64 }, () => 0.5);
    const inputs = [{ name: 'image', datatype: 'FP32', shape: [1, 1, 8, 8], data }];
    const body = JSON.stringify({ inputs });
    const { response, text } = await send(definition, { method, params: known, body });
    expect(response.status).toBe(200);
    const { outputs } = JSON.parse(text) as { outputs: { name: string; shape: number[] }[] };
    expect(outputs).toMatchObject([
      { name: 'label', shape: [1] },
      { name: 'probabilities', shape: [1, 10] },
    ]);
  });
});

test('only health is open to anyone', () => {
  const open = handlers.filter(({ definition }) => definition.access === 'anonymous');
  expect(open.map(({ definition }) => definition.route).sort()).toEqual([
    'v2/health/live',
    'v2/health/ready',
  ]);
});

test('no two functions share a name, or a method of a route', () => {
  const names = functions.map(({ name }) => name.toLowerCase());
  expect(new Set(names).size).toBe(names.length);
  for (const { name } of functions) expect(name).toMatch(/^[A-Za-z][A-Za-z0-9_-]{0,126}$/);
  const routes = handlers.map(
    ({ definition, method }) =>
      `${method} ${definition.route.replace(/\{\**[^}]*\}/g, '{}').toLowerCase()}`,
  );
  expect(new Set(routes).size).toBe(routes.length);
});
