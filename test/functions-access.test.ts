import * as azure from '@azure/functions';
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { registerFunctions } from '../functions/azure-host.ts';
import { ROLES } from '../functions/caller.ts';
import { Drain } from '../functions/drain.ts';
import { functions } from '../functions/index.ts';
import { ACCESS, expected, outcome } from './journeys/access-table.ts';
import { createMemoryApp, type MemoryApp } from './memory-app.ts';
import { FunctionsCore } from './stand-ins/functions-core.ts';

// Who may do what through Azure's own library, by what the platform says of the caller.

const mockCore = new FunctionsCore();
jest.mock(
  '@azure/functions-core',
  () => new Proxy({}, { get: (_, name: string) => mockCore.api[name as 'version'] }),
  { virtual: true },
);

let app: MemoryApp;
beforeAll(async () => {
  app = await createMemoryApp({ PILOTLIGHT_ACCESS: 'roles', WEBSITE_AUTH_ENABLED: 'True' });
  azure.app.setup({ enableHttpStream: false });
  const serving = { app: () => Promise.resolve(app), byKey: false, drain: new Drain() };
  registerFunctions(azure, functions, serving);
  await mockCore.start();
});
afterAll(() => app.close());

function principal(...roles: string[]): Record<string, string> {
  const claims = [
    { typ: 'preferred_username', val: 'ada@example.org' },
    ...roles.map((val) => ({ typ: 'roles', val })),
  ];
  const document = { auth_typ: 'aad', name_typ: 'name', role_typ: 'roles', claims };
  return { 'x-ms-client-principal': Buffer.from(JSON.stringify(document)).toString('base64') };
}

async function call(route: string, headers: Record<string, string>) {
  const [method = '', path = ''] = route.split(' ');
  const found = functions.find(
    (one) => one.kind === 'http' && one.route === path && one.methods.some((m) => m === method),
  );
  if (!found) throw new Error(`no function serves ${route}`);
  const params = { model: 'nothing-like-it', version: '7', id: 'nothing', alias: 'nothing' };
  const url = `http://host/${path}`;
  const { status, body } = await mockCore.invokeHttp(found.name, { method, url, headers, params });
  return { status, said: Buffer.from(body).toString() };
}

describe.each(Object.entries(ACCESS))('%s is for %s', (route, needed) => {
  test.each([undefined, ...ROLES])('by a principal with role %s', async (holder) => {
    const headers = holder === undefined ? {} : principal(holder);
    const { status, said } = await call(route, headers);
    expect([said, outcome(status)]).toEqual([said, expected(needed, holder)]);
  });

  test('by principals that are none', async () => {
    const none = needed === 'anonymous' ? 'let in' : 403;
    for (const role of ['', 'operator', 'Admin', 'Scorer,Operator']) {
      expect(outcome((await call(route, principal(role))).status)).toBe(none);
    }
    for (const header of ['', 'Operator', 'e30=', 'A'.repeat(70_000)]) {
      const { status } = await call(route, { 'x-ms-client-principal': header });
      expect(outcome(status)).toBe(expected(needed, undefined));
    }
  });
});
