import { describe, expect, test } from '@jest/globals';
import { parseOptions } from './options.ts';

describe('options', () => {
  test('have defaults', () => {
    expect(parseOptions([], {})).toEqual({
      port: 7071,
      hostname: '127.0.0.1',
      dataDir: '.pilotlight',
      fresh: false,
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

  test('help is no run', () => {
    expect(parseOptions(['--help', '--port', 'x'], {})).toBeUndefined();
  });

  test.each([
    [['--wrong'], {}, /'--wrong'.*--help lists the flags/],
    [['extra'], {}, /extra/],
    [['--port', 'x'], {}, /^--port: expected a whole number from 0 to 65535, got "x"$/],
    [[], { PORT: '70000' }, /^PORT: expected a whole number from 0 to 65535, got "70000"$/],
    [[], { PILOTLIGHT_MESSAGE_LOCK_MS: '10' }, /^PILOTLIGHT_MESSAGE_LOCK_MS: expected/],
    [['--fresh'], { PILOTLIGHT_STORAGE: 'x' }, /^--fresh: empties the emulators, but/],
  ])('%j with %j is refused', (args, env, message) => {
    expect(() => parseOptions(args, env)).toThrow(message);
  });
});
