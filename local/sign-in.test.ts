import type { IncomingMessage } from 'node:http';
import { describe, expect, test } from '@jest/globals';
import { parsePrincipal } from '../functions/principal.ts';
import { SignIn } from './sign-in.ts';

const KEYS = { Scorer: 's'.repeat(43), Publisher: 'p'.repeat(43), Operator: 'o'.repeat(43) };
const request = (headers: Record<string, string>, url = '/v2') =>
  ({ headers: { host: 'h', ...headers }, url }) as unknown as IncomingMessage;
const signedIn = ({ headers }: IncomingMessage) =>
  parsePrincipal(String(headers['x-ms-client-principal'] ?? ''));

describe('signing in', () => {
  test('makes a principal of each key, which the app reads like the platform’s', () => {
    for (const [role, key] of Object.entries(KEYS)) {
      const incoming = request({ 'x-functions-key': key });
      expect(new SignIn(KEYS).admit(incoming)).toBeUndefined();
      expect(signedIn(incoming)).toEqual({ name: `user:${role.toLowerCase()}`, roles: [role] });
    }
  });

  test('takes away what only the platform says, and nothing else', () => {
    const incoming = request({
      'x-ms-client-principal': 'a',
      'x-ms-client-principal-id': 'b',
      'x-ms-token-aad-access-token': 'c',
      'x-ms-client-request-id': 'd',
      'x-routing-key': 'e',
    });
    expect(new SignIn(KEYS).admit(incoming)).toBeUndefined();
    const left = Object.entries(incoming.headers).filter(([, value]) => value !== undefined);
    expect(Object.fromEntries(left)).toEqual({
      host: 'h',
      'x-ms-client-request-id': 'd',
      'x-routing-key': 'e',
    });
  });

  test('refuses a wrong key, and what was said of the caller is gone then too', () => {
    for (const key of ['', 's', `${KEYS.Scorer}s`, KEYS.Scorer.toUpperCase()]) {
      const incoming = request({ 'x-functions-key': key, 'x-ms-client-principal': 'forged' });
      expect(new SignIn(KEYS).admit(incoming)).toEqual({
        kind: 'unauthenticated',
        detail: 'key: expected one of this host’s, got another',
      });
      expect(incoming.headers['x-ms-client-principal']).toBeUndefined();
    }
  });

  test('takes the first that is given: header, query, bearer token', () => {
    const { Scorer, Publisher, Operator } = KEYS;
    const roleOf = (incoming: IncomingMessage) => {
      new SignIn(KEYS).admit(incoming);
      return signedIn(incoming)?.roles;
    };
    const authorization = `Bearer ${Operator}`;
    const url = `/v2?x=1&code=${Publisher}`;
    expect(roleOf(request({ 'x-functions-key': Scorer, authorization }, url))).toEqual(['Scorer']);
    expect(roleOf(request({ authorization }, url))).toEqual(['Publisher']);
    expect(roleOf(request({ authorization }))).toEqual(['Operator']);
    expect(roleOf(request({ authorization: Operator }))).toBeUndefined();
  });

  test('a key of two roles is the lesser’s', () => {
    const incoming = request({ 'x-functions-key': KEYS.Scorer });
    new SignIn({ ...KEYS, Operator: KEYS.Scorer }).admit(incoming);
    expect(signedIn(incoming)?.roles).toEqual(['Scorer']);
  });
});
