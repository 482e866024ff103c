import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { run } from './command-line.ts';
import { StandInTerminal } from './stand-ins/terminal.ts';
import { Workbench } from './stand-ins/workbench.ts';

let bench: Workbench;
beforeEach(async () => {
  bench = await new Workbench().open();
  bench.server.routes.set('GET /models', () => ({ status: 200, body: { models: [] } }));
});
afterEach(() => bench.close());

/** A port at which nothing listens. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

describe('every command', () => {
  const COMMANDS = [
    ['models'],
    ['predict'],
    ['register'],
    ['batch'],
    ['batches'],
    ['batches', 'wait'],
    ['batches', 'cancel'],
    ['report'],
    ['compare'],
    ['events'],
    ['rollback'],
    ['rollout'],
    ['rollout', 'start'],
    ['rollout', 'list'],
    ['rollout', 'status'],
    ['rollout', 'watch'],
    ['rollout', 'pause'],
    ['rollout', 'resume'],
    ['rollout', 'promote'],
    ['rollout', 'abort'],
  ];
  test.each(COMMANDS.map((names) => [names]))(
    '%j explains itself, with an example',
    async (names) => {
      expect(await bench.run(...names, '--help')).toBe(0);
      const { output, said } = bench.terminal;
      expect(output).toContain(`Usage: pilotlight ${names.join(' ')} `);
      expect(output).toMatch(/Examples?:\n {2}pilotlight /);
      expect(output).toContain('--url <url>');
      expect(output).toContain('--json');
      expect(said).toEqual([]);
    },
  );

  test.each([[[]], [['nosuch']], [['models', '--nosuch']], [['models', 'a', 'b']]])(
    '%j is a usage error',
    async (args) => {
      expect(await bench.run(...args)).toBe(2);
      expect(bench.terminal.said.join('')).not.toBe('');
      expect(bench.server.asked).toEqual([]);
    },
  );
});

describe('the server', () => {
  test('is named by the flag before the environment', async () => {
    bench.terminal.env.PILOTLIGHT_URL = 'http://127.0.0.1:1';
    expect(await run(['models', '--url', `${bench.server.origin}/`], bench.terminal)).toBe(0);
    expect(bench.server.asked).toHaveLength(1);
  });

  test('may stand below a path', async () => {
    const { origin } = bench.server;
    bench.server.routes.set('GET /api/models', () => ({ status: 200, body: { models: [] } }));
    expect(await run(['models', '--url', `${origin}/api`], bench.terminal)).toBe(0);
  });

  test('gets the key of the flag, else of the environment', async () => {
    await bench.run('models');
    bench.terminal.env.PILOTLIGHT_KEY = 'environment';
    await bench.run('models');
    await bench.run('models', '--key', 'flag');
    expect(bench.server.asked.map(({ headers }) => headers['x-functions-key'])).toEqual([
      undefined,
      'environment',
      'flag',
    ]);
  });

  test('gets the token of the flag, else of the environment, as a bearer’s', async () => {
    await bench.run('models');
    bench.terminal.env.PILOTLIGHT_TOKEN = 'environment';
    await bench.run('models');
    await bench.run('models', '--token', 'flag');
    expect(bench.server.asked.map(({ headers }) => headers.authorization)).toEqual([
      undefined,
      'Bearer environment',
      'Bearer flag',
    ]);
  });

  test('that is not there: what to start is said, at once', async () => {
    const url = `http://127.0.0.1:${await freePort()}`;
    expect(await run(['models', '--url', url], bench.terminal)).toBe(1);
    expect(bench.terminal.said).toEqual([
      `error: nothing listens at ${url}; start the local host with \`npm start\`, or name your server with --url or PILOTLIGHT_URL`,
    ]);
    expect(bench.terminal.sleeps).toEqual([]);
  });

  test.each(['nonsense', 'ftp://127.0.0.1'])('named %s is refused', async (url) => {
    expect(await run(['models', '--url', url], bench.terminal)).toBe(2);
    expect(bench.terminal.said.join()).toContain(`got ${url}`);
  });
});

describe('errors', () => {
  test('a refusal without a key says how to give one', async () => {
    bench.server.fail(/./, { status: 401, body: '' });
    expect(await bench.run('models')).toBe(1);
    expect(bench.terminal.said).toEqual([
      `error: GET ${bench.server.origin}/models: the answer was 401 (give the key with --key or PILOTLIGHT_KEY, a token with PILOTLIGHT_TOKEN)`,
    ]);
  });

  test('what is no Pilotlight is told so', async () => {
    bench.server.fail(/./, { status: 200, body: '<html>' });
    expect(await bench.run('models')).toBe(1);
    expect(bench.terminal.said.join()).toMatch(/is it a Pilotlight server/);
  });

  test('a server that stays overloaded is given up', async () => {
    const terminal = new StandInTerminal();
    for (let i = 0; i < 6; i++) bench.server.fail(/./, { status: 503, body: { error: 'no' } });
    expect(await run(['models', '--url', bench.server.origin], terminal)).toBe(1);
    expect(terminal.sleeps).toEqual([500, 1_000, 2_000, 4_000, 8_000]);
    expect(terminal.said).toEqual(['error: no']);
  });

  test('are one document for scripts', async () => {
    expect(await bench.run('models', 'nosuch', '--json')).toBe(1);
    expect(bench.terminal.document()).toMatchObject({
      status: 404,
      error: 'there is no /models/nosuch',
    });
  });
});
