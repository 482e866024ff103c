import { describe, expect, test } from '@jest/globals';
import type { App } from '../shared/compose.ts';
import { ServingError } from '../shared/errors.ts';
import { untold } from '../test/untold.ts';
import { json } from './answer.ts';
import { answerHttp } from './http.ts';
import type { Answer, HttpFunction, Request } from './trigger.ts';

const app = {
  telemetry: untold,
  config: { access: 'open', httpStreaming: true, maxBodyBytes: 100 },
} as App;

function request(headers: Record<string, string> = {}): Request {
  const init = { method: 'POST', headers, body: 'x' };
  const native = new globalThis.Request('http://h/models', init);
  return Object.assign(native, {
    query: new URLSearchParams(),
    params: {},
    bytes: () => Promise.resolve(new Uint8Array(0)),
  });
}

function call(handler: () => Promise<Answer>) {
  const lines: string[] = [];
  const write = (line: string) => void lines.push(line);
  const context = { invocationId: 'i', functionName: 'f', log: write, warn: write, error: write };
  const definition: HttpFunction = {
    kind: 'http',
    name: 'f',
    route: 'models',
    methods: ['POST'],
    access: 'Scorer',
    handler,
  };
  const answer = (headers?: Record<string, string>, on = app) =>
    answerHttp(definition, on, request(headers), context);
  return { answer, lines };
}

const rejected = (reason: unknown) => {
  throw reason as Error;
};
const problemOf = (answer: Answer) =>
  JSON.parse(answer.body as string) as { status: number; detail: string; instance: string };

test('what the handler answers is passed on as it is', async () => {
  const answer = json(201, { a: 1 }, { location: '/models/a' });
  const { answer: run, lines } = call(() => Promise.resolve(answer));
  expect(await run()).toBe(answer);
  expect(lines).toEqual([]);
});

test('a failure becomes its problem; the caller’s own are not logged, ours with their cause', async () => {
  const stale = call(() => Promise.reject(new ServingError({ kind: 'stale', detail: 'moved on' })));
  expect(await stale.answer()).toMatchObject({ status: 412 });
  expect(stale.lines).toEqual([]);

  const down = call(() =>
    Promise.reject(
      new ServingError(
        { kind: 'unavailable', detail: 'storage: no answer', retryAfterSeconds: 5 },
        { cause: new Error('ECONNREFUSED secret-host') },
      ),
    ),
  );
  const answer = await down.answer();
  expect(answer).toMatchObject({ status: 503, headers: { 'retry-after': '5' } });
  expect(answer.body).not.toContain('secret-host');
  expect(down.lines).toEqual([expect.stringContaining('secret-host')]);
  expect(down.lines[0]).toContain(problemOf(answer).instance);
});

describe('a bug is 500, hidden from the caller and logged with its stack under the instance', () => {
  const circle: Record<string, unknown> = {};
  circle.circle = circle;
  const locked = new ReadableStream<Uint8Array>();
  locked.getReader();
  const bugs: [string, () => unknown][] = [
    ['a throw', () => Promise.reject(new TypeError('inside'))],
    [
      'a synchronous throw',
      () => {
        throw new Error('inside');
      },
    ],
    ['something thrown that is no Error', () => rejected('inside')],
    ['no answer', () => Promise.resolve(undefined)],
    ['null', () => Promise.resolve(null)],
    ['a string', () => Promise.resolve('inside')],
    ['status 0', () => Promise.resolve({ status: 0 })],
    ['status 101', () => Promise.resolve({ status: 101 })],
    ['status 600', () => Promise.resolve({ status: 600 })],
    ['status 200.5', () => Promise.resolve({ status: 200.5 })],
    ['status "200"', () => Promise.resolve({ status: '200' })],
    ['a body for 204', () => Promise.resolve({ status: 204, body: 'x' })],
    ['a body that is an object', () => Promise.resolve({ status: 200, body: { a: 1 } })],
    ['a body that is read already', () => Promise.resolve({ status: 200, body: locked })],
    [
      'a line break in a header',
      () => Promise.resolve({ status: 200, headers: { a: 'b\r\nc: d' } }),
    ],
    ['a header beyond Latin-1', () => Promise.resolve({ status: 200, headers: { a: '→' } })],
    ['an undefined header', () => Promise.resolve({ status: 200, headers: { a: undefined } })],
    ['a space in a header’s name', () => Promise.resolve({ status: 200, headers: { 'a b': 'c' } })],
    ['a BigInt in JSON', () => Promise.resolve(json(200, { n: 1n }))],
    ['undefined as JSON', () => Promise.resolve(json(200, undefined))],
    ['a circle in JSON', () => Promise.resolve(json(200, circle))],
  ];
  test.each(bugs)('%s', async (_name, handler) => {
    const { answer: run, lines } = call(handler as () => Promise<Answer>);
    const answer = await run();
    expect(answer.status).toBe(500);
    expect(answer.body).not.toContain('inside');
    expect(lines).toHaveLength(1);
    expect(lines[0]).toContain(problemOf(answer).instance);
  });
});

test('a log that throws costs nobody the answer', async () => {
  const { answer } = call(() => Promise.reject(new Error('inside')));
  const silent = {
    error: () => {
      throw new Error('log is down');
    },
  };
  const definition = {
    access: 'Scorer',
    handler: () => Promise.reject(new Error('inside')),
  } as unknown as HttpFunction;
  expect((await answer()).status).toBe(500);
  expect((await answerHttp(definition, app, request(), silent as never)).status).toBe(500);
});

describe('before the handler runs', () => {
  test('a body declared longer than allowed is refused', async () => {
    let ran = false;
    const { answer } = call(() => {
      ran = true;
      return Promise.resolve({ status: 204 });
    });
    const refused = await answer({ 'content-length': '101' });
    expect(refused.status).toBe(413);
    expect(problemOf(refused).detail).toContain('/uploads');
    expect((await answer({ 'content-length': 'many' })).status).toBe(400);
    expect(ran).toBe(false);
    expect((await answer({ 'content-length': '100' })).status).toBe(204);
  });

  test('a chunked body is refused where the host would deliver it empty', async () => {
    const { answer } = call(() => Promise.resolve({ status: 204 }));
    const grpc = { ...app, config: { ...app.config, httpStreaming: false } } as App;
    const chunked = { 'transfer-encoding': 'chunked' };
    expect((await answer(chunked, grpc)).status).toBe(411);
    expect((await answer(chunked)).status).toBe(204);
    expect((await answer({ 'content-length': '1' }, grpc)).status).toBe(204);
  });
});
