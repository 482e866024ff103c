import { execFile, spawn } from 'node:child_process';
import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { ROLES, type Role } from '../../functions/caller.ts';
import { functions } from '../../functions/index.ts';
import { ACCESS, expected, outcome } from './access-table.ts';
import { discard, type RunningHost, startHost } from './running-host.ts';

// Who may do what on a host that was started with --auth, over HTTP.

let host: RunningHost;
let keys: Readonly<Record<Role, string>>;
beforeAll(async () => {
  host = await startHost({ args: ['--port', '0', '--auth'] });
  await host.line(/4 sample models answer/);
  const entries = ROLES.map(async (role) => [role, await keyOf(role)] as const);
  keys = Object.fromEntries(await Promise.all(entries)) as Record<Role, string>;
});
afterAll(async () => {
  await discard(host);
});

async function keyOf(role: Role): Promise<string> {
  return (await readFile(join(host.dataDir, 'keys', role.toLowerCase()), 'utf8')).trim();
}

/** A principal as the platform writes it. */
function principal(role: string): Record<string, string> {
  const claims = [
    { typ: 'name', val: 'Mallory' },
    { typ: 'roles', val: role },
  ];
  const header = Buffer.from(JSON.stringify({ role_typ: 'roles', claims })).toString('base64');
  return {
    'x-ms-client-principal': header,
    'x-ms-client-principal-id': '1',
    'x-ms-client-principal-name': 'Mallory',
    'x-ms-token-aad-access-token': 'forged',
  };
}

/** Calls a route about things that aren't there, so that nobody does any harm. */
async function call(route: string, headers: Record<string, string>, query = '') {
  const [method = '', path = ''] = route.split(' ');
  const at = path.replace(/\{\w+\}/g, (name) => (name === '{version}' ? '7' : 'nothing-like-it'));
  const body = method === 'GET' ? {} : { body: '{}' };
  const response = await fetch(`${host.url}/${at}${query}`, {
    method,
    headers: { 'content-type': 'application/json', ...headers },
    ...body,
  });
  return { status: response.status, headers: response.headers, said: await response.text() };
}

test('the table of this test is the app’s', () => {
  const routes = functions.flatMap((definition) =>
    definition.kind === 'http'
      ? definition.methods.map((method) => `${method} ${definition.route}`)
      : [],
  );
  expect(Object.keys(ACCESS).sort()).toEqual(routes.sort());
});

describe.each(Object.entries(ACCESS))('%s is for %s', (route, needed) => {
  test.each([undefined, ...ROLES])('with the key of %s', async (holder) => {
    const headers: Record<string, string> =
      holder === undefined ? {} : { 'x-functions-key': keys[holder] };
    const { status, headers: told, said } = await call(route, headers);
    expect([said, outcome(status)]).toEqual([said, expected(needed, holder)]);
    if (status === 401) {
      expect(told.get('www-authenticate')).toBe('Bearer');
      expect(JSON.parse(said)).toMatchObject({ type: 'urn:pilotlight:problem:unauthenticated' });
      expect(said).toContain('x-functions-key');
    }
    if (status === 403) {
      expect(JSON.parse(said)).toMatchObject({
        type: 'urn:pilotlight:problem:forbidden',
        error: expect.stringContaining(
          `expected role ${needed}, user:${holder?.toLowerCase() ?? ''} has ${holder ?? ''}`,
        ) as unknown,
      });
    }
  });

  test('what callers say of themselves counts for nothing', async () => {
    const forged = await call(route, principal('Operator'));
    expect([forged.said, outcome(forged.status)]).toEqual([
      forged.said,
      expected(needed, undefined),
    ]);
    const raised = { ...principal('Operator'), 'x-functions-key': keys.Scorer };
    const { status, said } = await call(route, raised);
    expect([said, outcome(status)]).toEqual([said, expected(needed, 'Scorer')]);
  });

  test('a wrong key is none', async () => {
    const wrong = `${keys.Operator.slice(0, -1)}${keys.Operator.endsWith('A') ? 'B' : 'A'}`;
    for (const headers of [
      { 'x-functions-key': wrong },
      { 'x-functions-key': '' },
      { authorization: `Bearer ${wrong}` },
      { 'x-functions-key': wrong, authorization: `Bearer ${keys.Operator}` },
      { 'x-functions-key': wrong, ...principal('Operator') },
    ]) {
      const { status, said } = await call(route, headers);
      expect([said, outcome(status)]).toEqual([said, expected(needed, undefined)]);
      if (status === 401) expect(said).toContain('key: expected one of this host’s');
    }
  });
});

test('a key may come as a header, in the query or as a bearer token', async () => {
  const route = 'POST models/{model}/rollback';
  const { Operator: key, Scorer: least } = keys;
  const way = async (headers: Record<string, string>, query = '') =>
    outcome((await call(route, headers, query)).status);
  expect(await way({ 'x-functions-key': key })).toBe('let in');
  expect(await way({ 'X-Functions-Key': least })).toBe(403);
  expect(await way({}, `?code=${key}`)).toBe('let in');
  expect(await way({}, `?code=${least}`)).toBe(403);
  expect(await way({}, '?code=')).toBe(401);
  expect(await way({ authorization: `bearer ${key}` })).toBe('let in');
  expect(await way({ authorization: `Basic ${key}` })).toBe(401);
});

test('a principal header that comes twice is gone both times', async () => {
  const forged = principal('Operator')['x-ms-client-principal'] ?? '';
  const { stdout } = await promisify(execFile)('curl', [
    ...['-s', '-X', 'POST', `${host.url}/models/digits/rollback`],
    ...['-H', `X-MS-CLIENT-PRINCIPAL: ${forged}`, '-H', `x-ms-client-principal: ${forged}`],
  ]);
  expect(JSON.parse(stdout)).toMatchObject({ status: 401 });
});

describe('on one’s own machine', () => {
  test('what was printed works when pasted, and shows no key', async () => {
    const curls = host.lines.filter((line) => line.startsWith('curl '));
    expect(curls).toHaveLength(5);
    for (const curl of curls) {
      expect(curl).toContain('-H "x-functions-key: $(cat ');
      const { stdout } = await promisify(execFile)('sh', ['-c', curl]);
      const answer = JSON.parse(stdout) as Record<string, unknown>;
      expect([answer, 'name' in answer || 'outputs' in answer]).toEqual([answer, true]);
    }
    for (const key of Object.values(keys)) expect(host.lines.join('\n')).not.toContain(key);
  });

  test('keys are their owner’s alone', async () => {
    expect((await readdir(join(host.dataDir, 'keys'))).sort()).toEqual([
      'operator',
      'publisher',
      'scorer',
    ]);
    for (const role of ROLES) {
      const { mode } = await stat(join(host.dataDir, 'keys', role.toLowerCase()));
      expect(mode & 0o777).toBe(0o600);
    }
  });

  test('the samples’ history says who registered them', async () => {
    const headers = { 'x-functions-key': keys.Scorer };
    const response = await fetch(`${host.url}/models/digits/events`, { headers });
    const { events } = (await response.json()) as { events: { type: string; who: string }[] };
    expect(events[0]).toMatchObject({ type: 'registered', who: 'user:publisher' });
  });

  test('the command goes by --key', async () => {
    const cli = (...args: string[]) => {
      const entry = join(process.env.PILOTLIGHT_TEST_DIST ?? '', 'cli.mjs');
      const child = spawn(process.execPath, [entry, '--url', host.url, ...args]);
      return Promise.all([text(child.stdout), text(child.stderr)]);
    };
    const [models] = await cli('--key', keys.Scorer, 'models');
    expect(models).toContain('digits');
    const [, keyless] = await cli('models');
    expect(keyless).toContain('give the key with --key or PILOTLIGHT_KEY');
    const [, refused] = await cli('--key', keys.Publisher, 'rollback', 'digits');
    expect(refused).toContain('expected role Operator, user:publisher has Publisher');
  });

  test('keys stay as they are when the host starts again', async () => {
    expect(await host.stop()).toBe(0);
    const again = await startHost({
      args: ['--port', '0', '--auth', '--no-samples'],
      dataDir: host.dataDir,
    });
    host = again;
    const headers = { 'x-functions-key': keys.Scorer };
    expect((await fetch(`${again.url}/v2`, { headers })).status).toBe(200);
    expect((await fetch(`${again.url}/v2`)).status).toBe(401);
    expect((await fetch(`${again.url}/v2/health/ready`)).status).toBe(200);
  });
});
