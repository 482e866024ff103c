import { createHash, randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { UNTOLD } from '../shared/telemetry/operation.ts';
import { createMemoryApp, FINE, type MemoryApp, quietContext, send } from '../test/memory-app.ts';
import { modelFileFunction } from './model-file.ts';
import { registerModelFunction } from './register-model.ts';
import type { Answer } from './trigger.ts';
import { validateRegistrationFunction } from './validate-registration.ts';
import { versionReportFunction } from './version-report.ts';

const bytes = randomBytes(600_000);
const digest = createHash('sha256').update(bytes).digest('hex');

let app: MemoryApp;
beforeAll(async () => {
  app = await createMemoryApp();
  await register(bytes);
  await validate();
});
afterAll(() => app.close());

const register = (body: Uint8Array | FormData) =>
  send(app, registerModelFunction, {
    path: '/models/m/versions',
    params: { model: 'm' },
    ...(body instanceof FormData
      ? {}
      : { headers: { 'content-type': 'application/octet-stream' } }),
    body,
  });
async function validate(): Promise<void> {
  for (const message of app.messages.registrations.splice(0)) {
    await validateRegistrationFunction.handler(app, message, quietContext(), UNTOLD);
  }
}
const get = (headers: Record<string, string> = {}, version = '1', model = 'm') =>
  send(app, modelFileFunction, {
    path: `/models/${model}/versions/${version}/model`,
    params: { model, version },
    headers,
  });
const report = (headers: Record<string, string> = {}, version = '1') =>
  send(app, versionReportFunction, {
    path: `/models/m/versions/${version}/report`,
    params: { model: 'm', version },
    headers,
  });
async function bodyOf({ body }: Answer): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of body as ReadableStream<Uint8Array>) chunks.push(chunk);
  return Buffer.concat(chunks);
}

describe('the file of a version', () => {
  test('comes whole, with its digest as tag', async () => {
    const answer = await get();
    expect(answer).toMatchObject({
      status: 200,
      headers: {
        etag: `"${digest}"`,
        'content-type': 'application/octet-stream',
        'content-length': '600000',
        'accept-ranges': 'bytes',
        'content-disposition': 'attachment; filename="m-1.onnx"',
      },
    });
    expect(bytes.equals(await bodyOf(answer))).toBe(true);
  });

  test.each([
    ['bytes=0-0', 0, 1],
    ['bytes=300000-', 300_000, 600_000],
    ['bytes=-5', 599_995, 600_000],
    ['bytes=262143-262145', 262_143, 262_146],
  ])('comes in part for %s', async (range, start, end) => {
    const answer = await get({ range, 'if-range': `"${digest}"` });
    expect(answer).toMatchObject({
      status: 206,
      headers: {
        'content-range': `bytes ${start}-${end - 1}/600000`,
        'content-length': String(end - start),
      },
    });
    expect(bytes.subarray(start, end).equals(await bodyOf(answer))).toBe(true);
  });

  test.each([
    { range: 'bytes=0-1,4-5' },
    { range: 'bytes=nonsense' },
    { range: 'bytes=0-1', 'if-range': '"another"' },
    { range: 'bytes=0-1', 'if-range': `W/"${digest}"` },
    { range: 'bytes=900000-', 'if-range': 'Wed, 21 Oct 2015 07:28:00 GMT' },
  ])('comes whole for %j', async (headers) => {
    const answer = await get(headers);
    expect(answer.status).toBe(200);
    expect((await bodyOf(answer)).length).toBe(600_000);
  });

  test('beyond its end is 416 with the error document', async () => {
    const answer = await get({ range: 'bytes=600000-' });
    expect(answer).toMatchObject({ status: 416, headers: { 'content-range': 'bytes */600000' } });
    expect(answer.json()).toMatchObject({ status: 416, error: expect.any(String) as unknown });
  });

  test('is not sent to who has it', async () => {
    const answer = await get({ 'if-none-match': `W/"x", "${digest}"`, range: 'bytes=600000-' });
    expect(answer).toMatchObject({ status: 304, headers: { etag: `"${digest}"` } });
    expect(answer.body).toBeUndefined();
  });

  test.each([
    ['m', '9', 404, 'version 9 of model m is unknown'],
    ['nobody', '1', 404, 'Request for unknown model'],
    ['m', 'x', 400, 'version: '],
    ['m', '0', 400, 'version: '],
    ['NO', '1', 400, 'model name: '],
  ])('of %s %s is %i', async (model, version, status, error) => {
    const answer = await get({}, version, model);
    expect(answer.status).toBe(status);
    expect(answer.json().error).toContain(error);
  });

  test('that is damaged in storage is never sent', async () => {
    const other = randomBytes(100);
    await register(other);
    await validate();
    const [name = ''] =
      [...app.artifacts.artifacts].find(([, stored]) => other.equals(stored)) ?? [];
    app.artifacts.artifacts.set(name, randomBytes(100));
    const fresh = await createMemoryApp();
    const answer = await send({ ...app, modelFiles: fresh.modelFiles }, modelFileFunction, {
      path: '/models/m/versions/2/model',
      params: { model: 'm', version: '2' },
    });
    expect(answer.status).toBe(503); // the fresh app's own storage has no such file
    fresh.artifacts.artifacts.set(name, randomBytes(100));
    const damaged = await send({ ...app, modelFiles: fresh.modelFiles }, modelFileFunction, {
      path: '/models/m/versions/2/model',
      params: { model: 'm', version: '2' },
    });
    expect(damaged.status).toBe(503);
    expect(damaged.json().error).toContain('expected SHA-256');
    await fresh.close();
  });
});

describe('the report of a version', () => {
  test('is JSON, or a page for who prefers one', async () => {
    const answer = await report();
    expect(answer).toMatchObject({
      status: 200,
      headers: { 'content-type': 'application/json', vary: 'accept' },
    });
    expect(answer.json()).toMatchObject({
      model: 'm',
      version: '1',
      outcome: 'ready',
      digest,
      bytes: 600_000,
      warnings: ['a warning <of> sorts'],
      facts: { operators: { MatMul: 1 } },
      signature: { outputs: [{ name: 'y', shape: [-1] }] },
      loadMs: 1,
      runMs: 0.5,
    });
    const page = await report({ accept: 'text/html,*/*;q=0.8' });
    expect(page).toMatchObject({
      status: 200,
      headers: { 'content-type': 'text/html; charset=utf-8', vary: 'accept' },
    });
    expect(page.body).toContain('<h1>m <span class="aside">version 1</span></h1>');
    expect(page.body).toContain('a warning &lt;of&gt; sorts');
  });

  test('of one that is rejected says why, and nothing in it is markup', async () => {
    const script = '<script>alert("1")</script>';
    app.inspection = { ok: false, reasons: [`input ${script}: not supported`] };
    const form = new FormData();
    form.append('model', new Blob(['other bytes']), 'm.onnx');
    form.append('card', JSON.stringify({ [script]: `'${script}'` }));
    const { version } = (await register(form)).json();
    await validate();
    app.inspection = FINE;
    const rejected = await report({}, String(version));
    expect(rejected.json()).toMatchObject({
      outcome: 'rejected',
      reasons: [`input ${script}: not supported`],
    });
    const page = await report({ accept: 'text/html' }, String(version));
    expect(page.body).not.toContain('<script');
    expect(page.body).toContain('&lt;script&gt;alert(&quot;1&quot;)&lt;/script&gt;: not supported');
  });

  test('is not there before the decision, nor for what is unknown', async () => {
    const { version } = (await register(randomBytes(10))).json();
    expect(await report({}, String(version))).toMatchObject({
      status: 503,
      headers: { 'retry-after': '2' },
    });
    expect((await report({}, '99')).status).toBe(404);
    app.messages.registrations.splice(0);
  });
});
