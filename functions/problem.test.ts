import { describe, expect, test } from '@jest/globals';
import type { Failure } from '../shared/errors.ts';
import { bugAnswer, problemAnswer } from './problem.ts';

const at = (url: string, accept?: string) => ({
  url,
  headers: new Headers(accept ? { accept } : {}),
});
const registry = at('http://host/models/a');
const document = (answer: { body?: unknown }): Record<string, unknown> =>
  JSON.parse(String(answer.body)) as Record<string, unknown>;

describe('a failure', () => {
  const statuses: [Failure['kind'], number][] = [
    ['malformed', 400],
    ['unauthenticated', 401],
    ['forbidden', 403],
    ['notFound', 404],
    ['conflict', 409],
    ['lengthRequired', 411],
    ['stale', 412],
    ['tooLarge', 413],
    ['unsupportedMedia', 415],
    ['rejected', 422],
    ['overloaded', 429],
    ['notReady', 503],
    ['unavailable', 503],
    ['damaged', 503],
    ['deadlinePassed', 504],
  ];
  test.each(statuses)('%s is answered %i, with every member', (kind, status) => {
    const answer = problemAnswer(registry, {
      kind,
      detail: 'what',
      retryAfterSeconds: 2,
    });
    expect(answer.status).toBe(status);
    const { type, title, instance, ...rest } = document(answer);
    expect(rest).toEqual({ status, detail: 'what', error: 'what' });
    expect(type).toMatch(/^urn:pilotlight:problem:[a-z-]+$/);
    expect(title).toEqual(expect.any(String));
    expect(instance).toBe(answer.instance);
    expect(instance).toMatch(/^urn:uuid:[0-9a-f-]{36}$/);
  });

  test('says in whole seconds when to come again, and never at once', () => {
    const retryAfter = (retryAfterSeconds: number) =>
      problemAnswer(registry, { kind: 'overloaded', detail: '', retryAfterSeconds }).headers?.[
        'retry-after'
      ];
    expect([retryAfter(0), retryAfter(1.2), retryAfter(30)]).toEqual(['1', '2', '30']);
    expect(problemAnswer(registry, { kind: 'damaged', detail: '' }).headers).not.toHaveProperty(
      'retry-after',
    );
  });

  test('says how to sign in to whom that would help', () => {
    const headers = (kind: 'unauthenticated' | 'forbidden') =>
      problemAnswer(registry, { kind, detail: '' }).headers;
    expect(headers('unauthenticated')).toMatchObject({ 'www-authenticate': 'Bearer' });
    expect(headers('forbidden')).not.toHaveProperty('www-authenticate');
  });

  test('carries the report of a rejected model, and members of the answer’s own shape', () => {
    const report = { reasons: ['no'] };
    expect(
      document(problemAnswer(registry, { kind: 'rejected', detail: '', report })),
    ).toMatchObject({
      report,
    });
    const failure: Failure = { kind: 'notReady', detail: 'd', retryAfterSeconds: 1 };
    const own = document(problemAnswer(registry, failure, { ready: false, status: 'mine' }));
    expect(own).toMatchObject({ ready: false, status: 503 });
  });
});

test('a bug says nothing of itself and is found by its instance', () => {
  const [a, b] = [bugAnswer(registry), bugAnswer(registry)];
  expect(a.status).toBe(500);
  expect(document(a).instance).toBe(a.instance);
  expect(a.instance).not.toBe(b.instance);
});

describe('the content type', () => {
  const typeAt = (url: string, accept?: string) =>
    bugAnswer(at(url, accept)).headers?.['content-type'];
  const problem = 'application/problem+json';

  test('is problem+json everywhere but under /v2', () => {
    expect(typeAt('http://h/models')).toBe(problem);
    expect(typeAt('http://h/v2x/models')).toBe(problem);
    expect(typeAt('http://h/models/v2/versions')).toBe(problem);
    expect(typeAt('http://h/models?next=/v2/')).toBe(problem);
    for (const url of ['http://h/v2', 'http://h/v2?x', 'http://h:7071/v2/models/a/infer']) {
      expect(typeAt(url)).toBe('application/json');
      expect(typeAt(url, '*/*')).toBe('application/json');
      expect(typeAt(url, 'application/json')).toBe('application/json');
    }
  });

  test('under /v2 is problem+json for who names it', () => {
    const named = (accept: string) => typeAt('http://h/v2/models/a', accept) === problem;
    expect(named(problem)).toBe(true);
    expect(named('Application/Problem+JSON; q=0.5')).toBe(true);
    expect(named(`text/html, ${problem};q=0.9, */*`)).toBe(true);
    expect(named(`application/json,${problem}`)).toBe(true);
    expect(named(`${problem};q=0`)).toBe(false);
    expect(named(`${problem};q=0.0, application/json`)).toBe(false);
    expect(named(`${problem}x`)).toBe(false);
  });
});
