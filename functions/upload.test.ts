import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { createMemoryApp, type MemoryApp, send } from '../test/memory-app.ts';
import { uploadFunction } from './upload.ts';

let app: MemoryApp;
beforeEach(async () => {
  app = await createMemoryApp();
});
afterEach(() => app.close());

async function ask(body: unknown) {
  const answer = await send(app, uploadFunction, {
    path: '/uploads',
    params: {},
    headers: { 'content-type': 'application/json' },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  });
  return { status: answer.status, body: answer.json() };
}

describe('POST /uploads', () => {
  test('answers a blob of its own for each request, and until when its URL is valid', async () => {
    const { status, body } = await ask({ name: 'churn.csv', bytes: 5_242_880_000 });
    expect(status).toBe(201);
    expect(Object.keys(body)).toEqual(['blob', 'url', 'expiresAt']);
    expect(body.blob).toMatch(/^uploads\/.+\/churn\.csv$/);
    expect(URL.canParse(String(body.url))).toBe(true);
    const expiresAt = String(body.expiresAt);
    expect(new Date(expiresAt).toISOString()).toBe(expiresAt);
    expect(Date.parse(expiresAt)).toBeGreaterThan(app.clock());
    const again = await ask({ name: 'churn.csv', bytes: 1 });
    expect(again.body.blob).not.toBe(body.blob);
  });

  test('refuses what one PUT cannot take, and says what can', async () => {
    const { status, body } = await ask({ name: 'huge.csv', bytes: 5_242_880_001 });
    expect(status).toBe(413);
    expect(body.error).toMatch(/5242880001.*5,000 MiB.*in blocks/);
  });

  test.each([
    [{ name: 'a/b.csv', bytes: 1 }, /upload\.name: expected 1 to 200 letters/],
    [{ name: '..', bytes: 1 }, /upload\.name/],
    [{ name: '', bytes: 1 }, /upload\.name/],
    [{ name: 'x'.repeat(201), bytes: 1 }, /upload\.name/],
    [{ name: 'a.csv', bytes: 0 }, /upload\.bytes: expected at least one byte/],
    [{ name: 'a.csv', bytes: 1.5 }, /upload\.bytes: expected a whole number/],
    [{ name: 'a.csv', bytes: '1' }, /upload\.bytes/],
    [{ name: 'a.csv' }, /upload\.bytes/],
    [{ name: 'a.csv', bytes: 1, more: true }, /more/],
    ['{', /expected JSON/],
  ])('refuses %j', async (body, error) => {
    const { status, body: problem } = await ask(body);
    expect(status).toBe(400);
    expect(problem.error).toMatch(error);
  });
});
