import { randomBytes } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { ServingError } from '../shared/errors.ts';
import type { ModelName, Version } from '../shared/ids.ts';
import { bury } from '../shared/registry/deletion.ts';
import { retire } from '../shared/registry/lifecycle.ts';
import { UNTOLD } from '../shared/telemetry/operation.ts';
import { changeModel } from '../shared/usecases/change-model.ts';
import { createMemoryApp, type MemoryApp, quietContext, send } from '../test/memory-app.ts';
import { registerModelFunction } from './register-model.ts';
import { validateRegistrationFunction } from './validate-registration.ts';

const LIMIT = 300_000;
const OCTETS = { 'content-type': 'application/octet-stream' };
const model = 'digits' as ModelName;

let app: MemoryApp;
beforeEach(async () => {
  app = await createMemoryApp({
    PILOTLIGHT_MAX_BODY_BYTES: String(LIMIT),
    PILOTLIGHT_MAX_MODEL_BYTES: String(2 * LIMIT),
    PILOTLIGHT_MAX_SPOOL_BYTES: String(2 * LIMIT),
  });
});
afterEach(async () => {
  expect(await app.spooled()).toEqual([]);
  await app.close();
});

const post = (
  body?: NonNullable<RequestInit['body']>,
  headers: Record<string, string> = OCTETS,
  name: string = model,
) =>
  send(app, registerModelFunction, {
    path: `/models/${name}/versions`,
    params: { model: name },
    headers,
    ...(body !== undefined && { body }),
  });

type Part = readonly [name: string, content: string | Uint8Array, filename?: string];
function form(...parts: Part[]): FormData {
  const data = new FormData();
  for (const [name, content, filename] of parts) {
    if (filename === undefined && typeof content === 'string') data.append(name, content);
    else data.append(name, new Blob([content]), filename ?? 'file');
  }
  return data;
}

async function validateAll(): Promise<void> {
  for (const message of app.messages.registrations.splice(0)) {
    await validateRegistrationFunction.handler(app, message, quietContext(), UNTOLD);
  }
}
const versions = async () => (await app.registry.readModel(model))?.value.versions ?? [];
const stamp = (now: number) => ({ now, who: 'a test' });

describe('a file', () => {
  test('becomes a pending version, its bytes stand, and a message is on its way', async () => {
    const bytes = randomBytes(1000);
    const answer = await post(bytes);
    expect(answer).toMatchObject({
      status: 202,
      headers: { location: '/models/digits/versions/1' },
    });
    expect(answer.json()).toMatchObject({
      model: 'digits',
      version: '1',
      state: 'pending',
      bytes: 1000,
      digest: expect.stringMatching(/^[0-9a-f]{64}$/) as unknown,
      createdAt: expect.stringMatching(/Z$/) as unknown,
      card: {},
    });
    expect([...app.artifacts.artifacts.values()].map((each) => bytes.equals(each))).toEqual([true]);
    expect(app.messages.registrations).toEqual([{ model, incarnation: 1, version: 1 }]);
  });

  test('again is the same version, until it is retired', async () => {
    const bytes = randomBytes(100);
    await post(bytes);
    const again = await post(bytes);
    expect([again.status, again.json().version]).toEqual([202, '1']);
    await validateAll();
    const ready = await post(bytes);
    expect([ready.status, ready.json()]).toMatchObject([200, { version: '1', state: 'ready' }]);
    await post(randomBytes(100));
    await validateAll();
    await changeModel(app, model, (record, now) => ({
      record: record && {
        ...retire({ ...record, routing: {} }, 1 as Version, stamp(now)),
      },
    }));
    const anew = await post(bytes);
    expect([anew.status, anew.json().version]).toEqual([202, '3']);
  });

  test('many at once are one version', async () => {
    const bytes = randomBytes(100);
    const answers = await Promise.all(Array.from({ length: 10 }, () => post(bytes)));
    expect(new Set(answers.map((each) => each.json().version))).toEqual(new Set(['1']));
    expect(await versions()).toHaveLength(1);
  });

  test('the caller may wait until it is ready', async () => {
    const waited = post(randomBytes(10), { ...OCTETS, prefer: 'wait=30' });
    while (app.messages.registrations.length === 0) await new Promise(setImmediate);
    await validateAll();
    const answer = await waited;
    expect(answer).toMatchObject({
      status: 201,
      headers: { location: '/models/digits/versions/1', 'preference-applied': 'wait=30' },
    });
    expect(answer.json()).toMatchObject({
      state: 'ready',
      signature: {
        inputs: [{ name: 'x', datatype: 'FP32', shape: [-1, 4] }],
        outputs: [{ name: 'y', datatype: 'FP32', shape: [-1] }],
      },
      facts: { nodes: 1 },
      report: { outcome: 'ready', version: '1' },
      card: { policy: 'manual' },
    });
  });

  test('who waits in vain gets 202', async () => {
    const answer = await post(randomBytes(10), { ...OCTETS, prefer: 'wait=0' });
    expect(answer).toMatchObject({ status: 202, headers: { 'preference-applied': 'wait=0' } });
  });

  test('a rejected one is 422 with its version and report, every time', async () => {
    app.inspection = { ok: false, reasons: ['no outputs', 'no nodes'] };
    const bytes = randomBytes(10);
    await post(bytes);
    await validateAll();
    const rejected = await post(bytes);
    expect(rejected).toMatchObject({
      status: 422,
      headers: {
        'content-type': 'application/problem+json',
        location: '/models/digits/versions/1',
      },
    });
    expect(rejected.json()).toMatchObject({
      status: 422,
      error: 'model digits version 1 was rejected: no outputs; no nodes',
      model: 'digits',
      version: '1',
      state: 'rejected',
      report: { outcome: 'rejected', reasons: ['no outputs', 'no nodes'] },
    });
  });
});

describe('a form', () => {
  const parts: Part[] = [
    ['model', randomBytes(2000), 'm.onnx'],
    ['card', '{"owner":"someone","strange":[1]}'],
    ['evaluation', 'a,label\n1,0\n', 'e.csv'],
  ];
  const orders = [
    [0, 1, 2],
    [2, 1, 0],
    [1, 2, 0],
  ];

  test('its parts may come in any order, and are one version', async () => {
    for (const order of orders) {
      const data = form(...order.flatMap((index) => (parts[index] ? [parts[index]] : [])));
      const answer = await post(data, {});
      expect(answer.status).toBe(202);
      expect(answer.json()).toMatchObject({
        version: '1',
        bytes: 2000,
        card: { owner: 'someone', strange: [1] },
        evaluation: { bytes: 12 },
      });
    }
    expect(app.artifacts.artifacts.size).toBe(2);
  });

  test('another card or evaluation is a new version of the same artifact', async () => {
    const [file, card, evaluation] = parts;
    if (!file || !card || !evaluation) throw new Error('three parts');
    const forms = [
      form(file),
      form(file, card),
      form(file, ['card', '{"owner":"another"}', 'card.json']),
      form(file, card, evaluation),
      form(file, card, ['evaluation', 'a,label\n1,1\n']),
    ];
    const seen: unknown[] = [];
    for (const data of forms) seen.push((await post(data, {})).json().version);
    expect(seen).toEqual(['1', '2', '3', '4', '5']);
    expect(
      [...app.artifacts.artifacts.keys()].filter((name) => name.endsWith('.onnx')),
    ).toHaveLength(1);
  });

  test('a card takes over from production what it leaves out', async () => {
    await post(form(['model', 'one', 'm'], ['card', '{"task":"regression","owner":"x"}']), {});
    await validateAll();
    await post(form(['model', 'two', 'm'], ['card', '{"policy":"canary"}']), {});
    await validateAll();
    const answer = await post(form(['model', 'two', 'm'], ['card', '{"policy":"canary"}']), {});
    expect(answer.json().card).toEqual({ task: 'regression', policy: 'canary' });
  });
});

describe('when something else fails', () => {
  const down = () =>
    Promise.reject(new ServingError({ kind: 'unavailable', detail: 'down', retryAfterSeconds: 5 }));

  test('storage: nothing is registered', async () => {
    app.artifacts.put = down;
    expect(await post('x')).toMatchObject({ status: 503, headers: { 'retry-after': '5' } });
    expect(await versions()).toEqual([]);
  });

  test('the queue: asking again sends the message', async () => {
    const sendRegistration = app.messages.sendRegistration.bind(app.messages);
    app.messages.sendRegistration = down;
    expect((await post('x')).status).toBe(503);
    expect(await versions()).toMatchObject([{ version: 1, state: 'pending' }]);
    app.messages.sendRegistration = sendRegistration;
    expect((await post('x')).status).toBe(202);
    expect(app.messages.registrations).toHaveLength(1);
  });

  test('the model is deleted meanwhile: it is registered in its next life', async () => {
    await post('first');
    const put = app.artifacts.put.bind(app.artifacts);
    app.artifacts.put = async (ref, file) => {
      app.artifacts.put = put;
      await put(ref, file);
      await changeModel(app, model, (record, now) => ({
        record: record && bury(record, true, stamp(now)),
      }));
    };
    const answer = await post('second');
    expect([answer.status, answer.json().version]).toEqual([202, '2']);
    expect(app.messages.registrations.at(-1)).toEqual({ model, incarnation: 2, version: 2 });
    const { digest } = answer.json();
    expect(app.artifacts.artifacts.has(`digits/2/sha256/${String(digest)}/model.onnx`)).toBe(true);
  });
});
