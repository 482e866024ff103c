import { describe, expect, test } from '@jest/globals';
import type { App } from '../shared/compose.ts';
import type { AccessMode } from '../shared/config.ts';
import type { ServingError } from '../shared/errors.ts';
import { CallersUnderWay } from '../shared/inference/callers-under-way.ts';
import { asCaller } from './access.ts';
import { type Caller, ROLES, type Role } from './caller.ts';

const deps = (access: AccessMode, most = 100) =>
  ({ config: { access }, callers: new CallersUnderWay(most) }) as Pick<App, 'config' | 'callers'>;
const request = (headers: Record<string, string> = {}, query = '') => ({
  headers: new Headers(headers),
  query: new URLSearchParams(query),
});
const principal = (name: string, ...roles: string[]) => {
  const claims = [
    { typ: 'preferred_username', val: name },
    ...roles.map((val) => ({ typ: 'roles', val })),
  ];
  return {
    'x-ms-client-principal': Buffer.from(JSON.stringify({ claims })).toString('base64'),
  };
};
const route = (access: 'anonymous' | Role) => ({ name: 'a-function', access });
const nameOf = (caller: Caller) => Promise.resolve(caller.name);
const call = (
  access: 'anonymous' | Role,
  mode: AccessMode,
  given: ReturnType<typeof request>,
): Promise<string> => asCaller(route(access), deps(mode), given, nameOf);
const failureOf = async (run: () => Promise<unknown>): Promise<unknown> => {
  try {
    return await run();
  } catch (error) {
    return (error as ServingError).failure;
  }
};

describe('who asks', () => {
  test('is nobody where all is open, whatever they say', async () => {
    const forged = request({ ...principal('ada', 'Operator'), 'x-functions-key': 'k' }, 'code=k');
    expect(await call('Operator', 'open', forged)).toBe('anonymous');
  });

  test('is known by the digest of their key, in the header or the query', async () => {
    const name = 'key:1ec1c26b'; // printf s3cret | sha256sum
    expect(await call('Operator', 'keys', request({ 'x-functions-key': 's3cret' }))).toBe(name);
    expect(await call('Operator', 'keys', request({}, 'code=s3cret'))).toBe(name);
    const both = request({ 'x-functions-key': 's3cret' }, 'code=other');
    expect(await call('Operator', 'keys', both)).toBe(name);
    expect(await call('Operator', 'keys', request())).toBe('anonymous');
  });

  test.each([
    ['a second header', { 'x-functions-key': 's3cret, other' }, ''],
    ['a second parameter', {}, 'code=s3cret&code=other'],
    ['parameters that the host has joined', {}, 'code=s3cret%2Cother'],
    ['another spelling', {}, 'CODE=s3cret'],
    ['two spellings', {}, 'a=b&Code=s3cret&code=other'],
  ])('has one name for a key, also with %s', async (_what, headers, query) => {
    // The Functions host lets them in by the first, and looks for `code` in any case.
    expect(await call('Operator', 'keys', request(headers, query))).toBe('key:1ec1c26b');
  });

  test('is not asked of a principal header where the platform goes by keys', async () => {
    expect(await call('Operator', 'keys', request(principal('ada')))).toBe('anonymous');
  });

  test('is who signed in', async () => {
    const ada = request(principal('ada@example.org', 'Scorer'));
    for (let again = 0; again < 2; again++) {
      expect(await call('Scorer', 'roles', ada)).toBe('user:ada@example.org');
    }
  });

  test('does not matter for health', async () => {
    expect(await call('anonymous', 'roles', request())).toBe('anonymous');
    expect(await call('anonymous', 'roles', request(principal('ada')))).toBe('anonymous');
  });
});

describe('roles', () => {
  test.each(ROLES.flatMap((role) => ROLES.map((needed) => ({ role, needed }))))(
    '$role where $needed is needed',
    async ({ role, needed }) => {
      const may = ROLES.indexOf(role) >= ROLES.indexOf(needed);
      const given = request(principal('ada', role));
      const found = await failureOf(() => call(needed, 'roles', given));
      const refused = {
        kind: 'forbidden',
        detail: `a-function: expected role ${needed}, user:ada has ${role}`,
      };
      expect(found).toEqual(may ? 'user:ada' : refused);
    },
  );

  test('none of them', async () => {
    expect(await failureOf(() => call('Scorer', 'roles', request(principal('ada'))))).toEqual({
      kind: 'forbidden',
      detail: 'a-function: expected role Scorer, user:ada has none',
    });
  });

  test.each([
    ['nobody', {}],
    ['garbage', { 'x-ms-client-principal': 'garbage' }],
    ['a key', { 'x-functions-key': 'k' }],
    ['a token that the platform did not look at', { authorization: 'Bearer t' }],
  ])('%s is not signed in', async (_what, headers) => {
    for (let again = 0; again < 2; again++) {
      expect(await failureOf(() => call('Scorer', 'roles', request(headers)))).toMatchObject({
        kind: 'unauthenticated',
      });
    }
  });

  test('a mode that nobody knows lets nobody in', async () => {
    const strange = 'everybody' as AccessMode;
    await expect(call('Scorer', strange, request())).rejects.toThrow(
      'expected open, keys or roles',
    );
  });
});

describe('requests under way', () => {
  const never = new Promise<string>(() => undefined);

  test('are limited for each caller who has a name', async () => {
    const app = deps('roles', 2);
    const ada = request(principal('ada', 'Scorer'));
    let end: (name: string) => void = () => undefined;
    const first = asCaller(route('Scorer'), app, ada, () => new Promise<string>((r) => (end = r)));
    void asCaller(route('Scorer'), app, ada, () => never);
    const third = () => asCaller(route('Scorer'), app, ada, nameOf);
    expect(await failureOf(third)).toMatchObject({ kind: 'overloaded', retryAfterSeconds: 1 });
    const bob = request(principal('bob', 'Scorer'));
    expect(await asCaller(route('Scorer'), app, bob, nameOf)).toBe('user:bob');
    end('done');
    expect(await first).toBe('done');
    expect(await third()).toBe('user:ada');
  });

  test('end also when they fail, and those that were refused never began', async () => {
    const app = deps('roles', 1);
    const ada = request(principal('ada', 'Scorer'));
    for (let again = 0; again < 3; again++) {
      const fail = () => Promise.reject(new Error('inside'));
      await expect(asCaller(route('Scorer'), app, ada, fail)).rejects.toThrow('inside');
      const sync = () => {
        throw new Error('at once');
      };
      await expect(asCaller(route('Scorer'), app, ada, sync)).rejects.toThrow('at once');
      await failureOf(() => asCaller(route('Operator'), app, ada, nameOf));
    }
    expect(app.callers.size).toBe(0);
  });

  test('are not counted for nobody in particular', async () => {
    const app = deps('open', 1);
    void asCaller(route('Scorer'), app, request(), () => never);
    expect(await asCaller(route('Scorer'), app, request(), nameOf)).toBe('anonymous');
  });
});
