import { describe, expect, test } from '@jest/globals';
import { parseOptions } from './options.ts';

describe('options', () => {
  test('have defaults', () => {
    expect(parseOptions([], {})).toEqual({
      port: 7071,
      hostname: '127.0.0.1',
      dataDir: '.pilotlight',
      fresh: false,
      auth: false,
      samples: true,
      quiet: false,
      lockMs: 600_000,
      cloud: false,
    });
  });

  test('come from the environment, and flags first', () => {
    const env = { PORT: '8000', DATA_DIR: '/data', PILOTLIGHT_MESSAGE_LOCK_MS: '2000' };
    expect(parseOptions(['--port', '0', '--fresh', '--no-samples'], env)).toMatchObject({
      port: 0,
      dataDir: '/data',
      fresh: true,
      samples: false,
      lockMs: 2_000,
    });
    expect(parseOptions([], env)?.port).toBe(8_000);
  });

  test.each([
    [{ PILOTLIGHT_STORAGE: 'x' }, true],
    [{ PILOTLIGHT_COSMOS__accountEndpoint: 'x' }, true],
    [{ PILOTLIGHT_STORAGE: '' }, false],
    [{ PILOTLIGHT_COSMOS_DATABASE: 'other' }, false],
  ])('%j is the cloud: %s', (env, cloud) => {
    expect(parseOptions([], env)?.cloud).toBe(cloud);
  });

  test.each([
    [[], undefined, false],
    [[], 'open', false],
    [['--auth'], undefined, true],
    [['--auth'], 'roles', true],
  ])('%j with PILOTLIGHT_ACCESS %j asks for keys: %s', (args, access, auth) => {
    expect(parseOptions(args, { PILOTLIGHT_ACCESS: access })?.auth).toBe(auth);
  });

  test('help is no run', () => {
    expect(parseOptions(['--help', '--port', 'x'], {})).toBeUndefined();
  });

  test.each([
    [['--wrong'], {}, /'--wrong'.*--help lists the flags/],
    [['extra'], {}, /extra/],
    [['--port', 'x'], {}, /^--port: expected a whole number from 0 to 65535, got "x"$/],
    [[], { PORT: '70000' }, /^PORT: expected a whole number from 0 to 65535, got "70000"$/],
    [[], { PILOTLIGHT_MESSAGE_LOCK_MS: '10' }, /^PILOTLIGHT_MESSAGE_LOCK_MS: expected/],
    [[], { PILOTLIGHT_ACCESS: 'keys' }, /^PILOTLIGHT_ACCESS: held "keys", but .* give --auth$/],
    [[], { PILOTLIGHT_ACCESS: 'roles' }, /^PILOTLIGHT_ACCESS: held "roles", but .* give --auth$/],
    [['--auth'], { PILOTLIGHT_ACCESS: 'open' }, /"open", but .* leave --auth out$/],
    [['--fresh'], { PILOTLIGHT_STORAGE: 'x' }, /^--fresh: empties the emulators, but/],
  ])('%j with %j is refused', (args, env, message) => {
    expect(() => parseOptions(args, env)).toThrow(message);
  });
});
