import { randomBytes } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { ModelName } from '../shared/ids.ts';
import { createMemoryApp, type MemoryApp, send } from '../test/memory-app.ts';
import { registerModelFunction } from './register-model.ts';

const LIMIT = 300_000;
const OCTETS = { 'content-type': 'application/octet-stream' };
const JSON_TYPE = { 'content-type': 'application/json' };
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

const versions = async () => (await app.registry.readModel(model))?.value.versions ?? [];

describe('a form', () => {
  const file: Part = ['model', 'bytes', 'm.onnx'];
  test.each<[string, Part[], string]>([
    ['no model', [['card', '{}']], 'part model: expected the ONNX file, there is no such part'],
    [
      'an empty model',
      [['model', '', 'm.onnx']],
      'part model: expected the ONNX file, got nothing',
    ],
    ['an unknown part', [file, ['notes', 'x']], 'part "notes": expected only'],
    ['a repeated part', [file, file], 'part "model": expected once'],
    ['a card that is no JSON', [file, ['card', '{']], 'card: expected JSON in UTF-8'],
    ['a card that is no object', [['card', '[]'], file], 'card: '],
    ['a wrong member', [file, ['card', '{"policy":"perhaps"}']], 'card.policy: '],
    ['a wrong inner member', [file, ['card', '{"budgets":{"p95Ms":-1}}']], 'card.budgets.p95Ms: '],
    [
      'a card too large',
      [file, ['card', `{"x":"${'y'.repeat(262_144)}"}`]],
      'part card: expected at most 262144',
    ],
    [
      'a card too deep',
      [file, ['card', `{"x":${'['.repeat(200)}${']'.repeat(200)}}`]],
      'nested at most 100',
    ],
    ['an empty evaluation', [file, ['evaluation', '']], 'part evaluation: it is empty'],
    [
      'an evaluation of wrong bytes',
      [file, ['evaluation', Uint8Array.of(0xff)]],
      'part evaluation: expected CSV in UTF-8',
    ],
  ])('%s is refused, and nothing is registered', async (_, given, message) => {
    const answer = await post(form(...given), {});
    expect(answer.status).toBe(400);
    expect(answer.json().error).toContain(message);
    expect(await versions()).toEqual([]);
    expect(app.messages.registrations).toEqual([]);
  });

  test('one that breaks off is refused', async () => {
    const whole = new Uint8Array(await new Response(form(file)).arrayBuffer());
    const boundary = /^--([^\r]+)/.exec(Buffer.from(whole).toString())?.[1] ?? '';
    const type = { 'content-type': `multipart/form-data; boundary=${boundary}` };
    expect((await post(whole.subarray(0, whole.length - 20), type)).status).toBe(400);
  });
});

describe('a reference', () => {
  test('to an upload is the same version as its bytes, and may be larger than a body', async () => {
    const bytes = randomBytes(LIMIT + 1);
    app.artifacts.uploads.set('x/large.onnx', bytes);
    app.artifacts.uploads.set('x/small.onnx', bytes.subarray(0, 10));
    app.artifacts.uploads.set('e.csv', Buffer.from('a,label\n'));
    const large = await post('{"blob":"uploads/x/large.onnx"}', JSON_TYPE);
    expect([large.status, large.json()]).toMatchObject([202, { version: '1', bytes: LIMIT + 1 }]);
    const small = await post(bytes.subarray(0, 10));
    const same = await post('{"blob":"uploads/x/small.onnx","card":{}}', JSON_TYPE);
    expect(same.json().version).toBe(small.json().version);
    const evaluated = await post(
      '{"blob":"uploads/x/small.onnx","evaluation":{"blob":"uploads/e.csv"}}',
      JSON_TYPE,
    );
    expect(evaluated.json()).toMatchObject({ version: '3', evaluation: { bytes: 8 } });
  });

  test.each([
    ['{', 'body: expected JSON'],
    ['[]', 'body: '],
    ['{}', 'body.blob: '],
    ['{"blob":1}', 'body.blob: '],
    ['{"blob":"uploads/there","extra":1}', 'body: '],
    ['{"blob":"uploads/there","card":{"task":"guessing"}}', 'card.task: '],
    ['{"blob":"uploads/there","card":null}', 'card: '],
    [
      '{"blob":"uploads/there","evaluation":{"blob":"uploads/not-utf8"}}',
      'evaluation: expected CSV',
    ],
    ['{"blob":"uploads/there","evaluation":"uploads/there"}', 'body.evaluation: '],
    ['{"blob":"uploads/none"}', 'blob uploads/none: there is none'],
    ['{"blob":"uploads/empty"}', 'blob uploads/empty: it is empty'],
    ['{"blob":"incoming/digits/model.onnx"}', 'blob: expected "uploads/'],
    ['{"blob":"uploads/../artifacts/x"}', 'blob: expected "uploads/'],
  ])('%s is refused', async (body, message) => {
    app.artifacts.uploads.set('there', Buffer.from('bytes'));
    app.artifacts.uploads.set('empty', Buffer.alloc(0));
    app.artifacts.uploads.set('not-utf8', Uint8Array.of(0x61, 0xff));
    const answer = await post(body, JSON_TYPE);
    expect(answer.status).toBe(400);
    expect(answer.json().error).toContain(message);
    expect(await versions()).toEqual([]);
  });

  test('to more than a model may have is 413', async () => {
    app.artifacts.uploads.set('huge', Buffer.alloc(2 * LIMIT + 1));
    expect((await post('{"blob":"uploads/huge"}', JSON_TYPE)).status).toBe(413);
  });
});

describe('what is refused', () => {
  test('a body of no bytes', async () => {
    const answers = [await post(), await post(new Uint8Array(0))];
    for (const answer of answers) {
      expect(answer.status).toBe(400);
      expect(answer.json().error).toBe('body: expected the ONNX file, got nothing');
    }
  });

  test.each([
    {},
    { 'content-type': 'text/plain' },
    { 'content-type': 'application/x-www-form-urlencoded' },
  ])('content type %j', async (headers) => {
    const answer = await post(Buffer.from('x'), headers);
    expect(answer.status).toBe(415);
    expect(answer.json().error).toContain('expected application/octet-stream');
  });

  test('a content encoding', async () => {
    expect((await post('x', { ...OCTETS, 'content-encoding': 'gzip' })).status).toBe(415);
    expect((await post('x', { ...OCTETS, 'content-encoding': 'identity' })).status).toBe(202);
  });

  test('a model name', async () => {
    expect((await post('x', OCTETS, 'Not A Name')).status).toBe(400);
  });

  test('a body beyond the limit, said or not', async () => {
    const said = await post('x', { ...OCTETS, 'content-length': String(LIMIT + 1) });
    const chunked = await post(new Blob([Buffer.alloc(LIMIT), 'x']).stream());
    const inForm = await post(form(['model', Buffer.alloc(LIMIT + 1)]), {});
    for (const answer of [said, chunked, inForm]) {
      expect(answer.status).toBe(413);
      expect(answer.json().error).toContain('/uploads');
    }
  });

  test('a body shorter than its Content-Length, or broken off', async () => {
    expect((await post('four', { ...OCTETS, 'content-length': '5' })).status).toBe(400);
    const broken = new ReadableStream<Uint8Array>({
      pull: (controller) => {
        controller.error(new Error('the connection was lost'));
      },
    });
    const answer = await post(broken);
    expect(answer.status).toBe(400);
    expect(answer.json().error).toContain('the connection was lost');
  });

  test('bodies beyond the disk for them, until there is room again', async () => {
    let goOn: () => void = () => undefined;
    const waiting = new Promise<void>((resolve) => {
      goOn = resolve;
    });
    const slow = (): ReadableStream<Uint8Array> =>
      new ReadableStream({
        async start(controller) {
          controller.enqueue(new Uint8Array(LIMIT));
          await waiting;
          controller.close();
        },
      });
    const both = [post(slow(), OCTETS, 'a'), post(slow(), OCTETS, 'b')];
    const full = async () => (await app.spooled()).reduce((sum, bytes) => sum + bytes, 0);
    while ((await full()) < 2 * LIMIT) await new Promise(setImmediate);
    const third = await post('x');
    expect(third).toMatchObject({ status: 429, headers: { 'retry-after': '5' } });
    goOn();
    expect((await Promise.all(both)).map(({ status }) => status)).toEqual([202, 202]);
    expect((await post('x')).status).toBe(202);
  });
});
