import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { parseConfig } from './config.ts';

const STRINGS = { PILOTLIGHT_STORAGE: 'a secret', PILOTLIGHT_COSMOS: 'another' };
const IDENTITY = {
  PILOTLIGHT_STORAGE__blobServiceUri: 'https://a.blob.example',
  PILOTLIGHT_STORAGE__queueServiceUri: 'https://a.queue.example',
  PILOTLIGHT_COSMOS__accountEndpoint: 'https://a.documents.example',
};

describe('settings', () => {
  test('have defaults, but for what to connect to', () => {
    expect(parseConfig(STRINGS)).toMatchObject({
      storage: { kind: 'connectionString', connectionString: 'a secret' },
      cosmos: { kind: 'connectionString', connectionString: 'another', database: 'pilotlight' },
      maxBodyBytes: 100_000_000,
      maxInlineRunMs: 0.2,
      httpStreaming: true,
    });
  });

  test('count as they are set', () => {
    const config = parseConfig({
      ...STRINGS,
      PILOTLIGHT_VCPUS: '3',
      PILOTLIGHT_SCRATCH_DIR: '/scratch',
      PILOTLIGHT_MAX_INLINE_RUN_MS: '0',
      PILOTLIGHT_ROUTING_TTL_MS: '1e3',
      PILOTLIGHT_HTTP_STREAMING: 'false',
      PILOTLIGHT_COSMOS_DATABASE: 'models',
    });
    expect(config).toMatchObject({
      vcpus: 3,
      scratchDir: '/scratch',
      maxInlineRunMs: 0,
      routingTtlMs: 1_000,
      httpStreaming: false,
      cosmos: { database: 'models' },
    });
  });

  test('connect by identity, a user-assigned one if it is named', () => {
    const { storage, cosmos } = parseConfig({ ...IDENTITY, PILOTLIGHT_COSMOS__clientId: 'me' });
    expect(storage).toEqual({
      kind: 'identity',
      endpoints: { blob: 'https://a.blob.example', queue: 'https://a.queue.example' },
    });
    expect(cosmos).toMatchObject({
      endpoints: { account: IDENTITY.PILOTLIGHT_COSMOS__accountEndpoint },
      clientId: 'me',
    });
  });

  test('say where telemetry goes, as the host’s own do', () => {
    expect(parseConfig(STRINGS).telemetry).toBeUndefined();
    const connectionString = 'InstrumentationKey=1;IngestionEndpoint=http://127.0.0.1';
    const sent = { ...STRINGS, APPLICATIONINSIGHTS_CONNECTION_STRING: connectionString };
    expect(parseConfig(sent).telemetry).toEqual({
      connectionString,
      identity: undefined,
      flushMs: 15_000,
      tracesPerSecond: 5,
    });
    const authentication = 'ClientId=me;Authorization=AAD';
    const byIdentity = { ...sent, APPLICATIONINSIGHTS_AUTHENTICATION_STRING: authentication };
    expect(parseConfig(byIdentity).telemetry?.identity).toEqual({ clientId: 'me' });
  });

  test.each([
    ['PILOTLIGHT_ACCESS', 'nobody', 'one of keys, roles, open'],
    ['PILOTLIGHT_VCPUS', '65', 'a number from 1 to 64'],
    ['PILOTLIGHT_VCPUS', '0', 'a number from 1 to 64'],
    ['PILOTLIGHT_VCPUS', '', 'a number from 1 to 64'],
    ['PILOTLIGHT_MAX_BODY_BYTES', '1.5', 'a whole number'],
    ['PILOTLIGHT_MAX_QUEUED_BYTES', '1 MB', 'a number from 1 to 9007199254740991'],
    ['PILOTLIGHT_MAX_INLINE_RUN_MS', '-1', 'a number from 0 to 5'],
    ['PILOTLIGHT_HTTP_STREAMING', 'yes', 'true or false'],
    ['PILOTLIGHT_SCRATCH_DIR', '', 'a text, or to be unset'],
  ])('%s=%j is refused with what would do', (name, held, expected) => {
    expect(() => parseConfig({ ...STRINGS, [name]: held })).toThrow(
      `${name}: held ${JSON.stringify(held)}; expected ${expected}`,
    );
  });

  test('take the word of the platform for who signed in only where it checks that', () => {
    const roles = { ...STRINGS, PILOTLIGHT_ACCESS: 'roles' };
    expect(readFileSync('infra/main.bicep', 'utf8')).toMatch(/^param signInClientId /m);
    for (const sign of [undefined, '', 'False', '1', 'roles']) {
      expect(() => parseConfig({ ...roles, WEBSITE_AUTH_ENABLED: sign })).toThrow(
        /^PILOTLIGHT_ACCESS: held "roles", but WEBSITE_AUTH_ENABLED is not True: .* Turn it on \(parameter signInClientId/,
      );
    }
    for (const sign of ['True', 'true']) {
      expect(parseConfig({ ...roles, WEBSITE_AUTH_ENABLED: sign }).access).toBe('roles');
    }
    expect(parseConfig(STRINGS).access).toBe('keys');
    expect(parseConfig({ ...STRINGS, PILOTLIGHT_ACCESS: 'open' }).access).toBe('open');
  });

  test('that are wrong are all told, each on its line', () => {
    const wrong = {
      ...IDENTITY,
      PILOTLIGHT_STORAGE__queueServiceUri: undefined,
      PILOTLIGHT_COSMOS__accountEndpoint: 'a.documents.example',
      PILOTLIGHT_VCPUS: 'two',
    };
    expect(() => parseConfig(wrong)).toThrow(
      [
        "PILOTLIGHT_STORAGE__queueServiceUri: not set. Set it to the service's URL (identity-based), or PILOTLIGHT_STORAGE to a connection string",
        'PILOTLIGHT_COSMOS__accountEndpoint: held "a.documents.example"; expected an http or https URL',
        'PILOTLIGHT_VCPUS: held "two"; expected a number from 1 to 64',
      ].join('\n'),
    );
  });

  test('never show a connection string', () => {
    const wrong = { ...STRINGS, PILOTLIGHT_VCPUS: '0' };
    expect(() => parseConfig(wrong)).toThrow(/^(?!.*secret)/s);
  });
});
