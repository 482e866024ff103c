import { truncate } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { readMultipart } from '../../functions/multipart.ts';
import { problem } from '../stand-ins/told.ts';
import { Workbench } from '../stand-ins/workbench.ts';

let bench: Workbench;
let model: string;
beforeEach(async () => {
  bench = await new Workbench().open();
  model = await bench.file('model.onnx', Buffer.from([8, 1, 13, 10, 45, 45]));
});
afterEach(() => bench.close());

const document = (state: string) => ({ model: 'churn', version: '3', state });
function answering(status: number, state: string) {
  bench.server.routes.set('POST /models/churn/versions', () => ({ status, body: document(state) }));
}
const registering = (...more: string[]) =>
  bench.run('register', model, '--model', 'churn', ...more);
const POST = /^POST \/models\/churn\/versions$/;

describe('register', () => {
  test('sends the file with its card and evaluation, and says when it is ready', async () => {
    answering(201, 'ready');
    const card = await bench.file('card.json', '{"owner": "mé"}');
    const evaluation = await bench.file('evaluation.csv', 'a,label\n1,0\n');
    expect(await registering('--card', card, '--evaluation', evaluation)).toBe(0);
    const [asked] = bench.server.of(POST);
    expect(asked?.headers.prefer).toBe('wait=60');
    expect(asked?.headers['content-length']).toBe(String(asked?.body.byteLength));
    const parts: [string, Buffer][] = [];
    await readMultipart(
      Readable.from([asked?.body]),
      asked?.headers['content-type'] ?? '',
      async (name, content) => {
        parts.push([name, await buffer(content)]);
      },
    );
    expect(parts).toEqual([
      ['model', Buffer.from([8, 1, 13, 10, 45, 45])],
      ['card', Buffer.from('{"owner":"mé"}')],
      ['evaluation', Buffer.from('a,label\n1,0\n')],
    ]);
    expect(bench.terminal.output).toBe('churn version 3 is ready\n');
  });

  test('waits beyond what one request does', async () => {
    answering(202, 'pending');
    let looks = 0;
    bench.server.routes.set('GET /models/churn/versions/3', () => ({
      status: 200,
      body: document(++looks < 3 ? 'validating' : 'ready'),
    }));
    expect(await registering('--wait', '90', '--json')).toBe(0);
    expect(looks).toBe(3);
    expect(bench.terminal.document()).toEqual(document('ready'));
  });

  test('says when it is not ready in time', async () => {
    answering(202, 'pending');
    const body = document('validating');
    bench.server.routes.set('GET /models/churn/versions/3', () => ({ status: 200, body }));
    expect(await registering('--wait', '2')).toBe(1);
    expect(bench.terminal.said.join()).toMatch(/churn version 3 is validating after 2\.0 s/);
  });

  test('does not wait when it is told not to', async () => {
    answering(202, 'pending');
    expect(await registering('--wait', '0')).toBe(0);
    expect(bench.server.of(POST)[0]?.headers.prefer).toBeUndefined();
    expect(bench.terminal.output).toBe('churn version 3 is pending\n');
  });

  test('says why a model was rejected', async () => {
    const told = problem(422, 'model churn version 3 was rejected: it hangs');
    bench.server.routes.set('POST /models/churn/versions', () => told);
    expect(await registering()).toBe(1);
    expect(bench.terminal.said).toEqual(['error: model churn version 3 was rejected: it hangs']);
  });

  test('a rejection that is found later says why, too', async () => {
    answering(202, 'pending');
    const body = { ...document('rejected'), reason: 'it hangs' };
    bench.server.routes.set('GET /models/churn/versions/3', () => ({ status: 200, body }));
    expect(await registering('--json')).toBe(1);
    const error = 'model churn version 3 was rejected: it hangs';
    expect(bench.terminal.document()).toEqual({ ...body, error });
  });

  test('a file beyond one request goes by way of storage', async () => {
    answering(201, 'ready');
    await truncate(model, 100_000_000);
    const evaluation = await bench.file('evaluation.csv', 'a,label\n1,0\n');
    const card = await bench.file('card.json', '{"owner": "me"}');
    expect(await registering('--card', card, '--evaluation', evaluation)).toBe(0);
    expect(JSON.parse(bench.server.of(POST)[0]?.body.toString('utf8') ?? '')).toEqual({
      blob: 'uploads/1/model.onnx',
      card: { owner: 'me' },
      evaluation: { blob: 'uploads/2/evaluation.csv' },
    });
    expect(bench.server.storage.blobs.get('uploads/1/model.onnx')?.byteLength).toBe(100_000_000);
  });

  test('a connection that breaks is tried again: it is the same version', async () => {
    answering(200, 'ready');
    bench.server.fail(POST, 'reset');
    expect(await registering()).toBe(0);
    const [first, second] = bench.server.of(POST);
    expect(second?.body.equals(first?.body ?? Buffer.alloc(0))).toBe(true);
  });

  test.each([
    ['{"a":', /card\.json: expected JSON/],
    ['[]', /card\.json: expected a JSON object/],
  ])('card %s is refused before anything is sent', async (text, error) => {
    expect(await registering('--card', await bench.file('card.json', text))).toBe(2);
    expect(bench.terminal.said.join()).toMatch(error);
    expect(bench.server.asked).toEqual([]);
  });
});
