import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { ROLES } from '../functions/caller.ts';
import { functions } from '../functions/index.ts';
import { ResourceManager } from './infra/resource-manager.ts';

const KEYS = JSON.parse(readFileSync('infra/function-keys.json', 'utf8')) as Record<
  'scorer' | 'publisher',
  string[]
>;
const http = functions.flatMap((one) => (one.kind === 'http' ? [one] : []));
const OUTPUTS = {
  AZURE_ENV_NAME: 'test',
  AZURE_LOCATION: 'westeurope',
  AZURE_RESOURCE_GROUP: 'rg-test',
  PILOTLIGHT_ACCESS: 'keys',
  PILOTLIGHT_APP_NAME: 'func-test',
  PILOTLIGHT_STORAGE_NAME: 'sttest',
  PILOTLIGHT_SUFFIX: 'x1',
  PILOTLIGHT_URL: 'https://func-test.example.net',
};

let azure: ResourceManager;
let folder: string;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'pilotlight-outputs-'));
  azure = new ResourceManager();
  await azure.start(http.map(({ name }) => name));
});
afterEach(async () => {
  rmSync(folder, { recursive: true });
  await azure.stop();
});

/** The different values of a key, over all functions that have it. */
function valuesOf(key: string): string[] {
  return [...new Set([...azure.keys.values()].flatMap((keys) => keys.get(key) ?? []))];
}

/** Those that have it. */
function holders(key: string): string[] {
  return [...azure.keys].filter(([, keys]) => keys.has(key)).map(([name]) => name);
}

const setKeys = (...args: string[]) => azure.run('set-keys.mjs', args, OUTPUTS);
const writes = () => azure.asked.filter((one) => /^(PUT|DELETE)/.test(one));

describe('which key opens what', () => {
  const allowed = (...roles: string[]) =>
    http.filter(({ access }) => roles.includes(access)).map(({ name }) => name);

  test('a scorer’s key opens what a Scorer may call, and a publisher’s more', () => {
    expect(new Set(KEYS.scorer)).toEqual(new Set(allowed('Scorer')));
    expect(new Set(KEYS.publisher)).toEqual(new Set(allowed('Scorer', 'Publisher')));
  });

  test('no key but the host’s opens what an Operator does', () => {
    expect(allowed('Operator').length).toBeGreaterThan(5);
    for (const name of allowed('Operator')) expect(KEYS.publisher).not.toContain(name);
  });

  test('the roles of the Entra application are those of the code', () => {
    const roles = JSON.parse(readFileSync('infra/app-roles.json', 'utf8')) as {
      id: string;
      value: string;
    }[];
    expect(roles.map(({ value }) => value)).toEqual([...ROLES]);
    expect(new Set(roles.map(({ id }) => id)).size).toBe(ROLES.length);
  });
});

describe('setting keys', () => {
  test('one value for each key, on just its functions, and never shown', async () => {
    const { code, out, err } = await setKeys();
    expect([code, err]).toEqual([0, '']);
    expect(new Set(holders('scorer'))).toEqual(new Set(KEYS.scorer));
    expect(new Set(holders('publisher'))).toEqual(new Set(KEYS.publisher));
    const [scorer = '', ...others] = valuesOf('scorer');
    const [publisher = '', ...further] = valuesOf('publisher');
    expect([others, further]).toEqual([[], []]);
    expect(scorer).toMatch(/^[\w-]{54}$/);
    expect(publisher).not.toBe(scorer);
    for (const text of [out, ...azure.commands()]) {
      expect(text).not.toContain(scorer);
      expect(text).not.toContain(publisher);
    }
    expect(holders('default')).toHaveLength(http.length);
  });

  test('once more changes nothing', async () => {
    await setKeys();
    const before = valuesOf('scorer');
    azure.asked.length = 0;
    expect((await setKeys()).code).toBe(0);
    expect(writes()).toEqual([]);
    expect(valuesOf('scorer')).toEqual(before);
  });

  test('what was interrupted is finished by the next run', async () => {
    const name = KEYS.scorer[20] ?? '';
    azure.fail(`functions/${name}/keys/scorer`, { status: 400 });
    const { code, err } = await setKeys();
    expect(code).toBe(1);
    expect(err).toContain(name);
    expect(err).toContain('run it again');
    expect(holders('scorer')).toHaveLength(KEYS.scorer.length - 1);
    expect((await setKeys()).code).toBe(0);
    expect(valuesOf('scorer')).toHaveLength(1);
    expect(holders('scorer')).toHaveLength(KEYS.scorer.length);
  });

  test('a new function gets the keys that the others have', async () => {
    await setKeys();
    const before = valuesOf('publisher');
    azure.keys.get('register-model')?.delete('publisher');
    await setKeys();
    expect(holders('publisher')).toContain('register-model');
    expect(valuesOf('publisher')).toEqual(before);
  });

  test('rotation leaves the key before valid until it is forgotten', async () => {
    await setKeys();
    const [before] = valuesOf('scorer');
    const publisher = valuesOf('publisher');
    await setKeys('--rotate', 'scorer');
    expect(valuesOf('scorer-previous')).toEqual([before]);
    expect(holders('scorer-previous')).toHaveLength(KEYS.scorer.length);
    const [after, ...others] = valuesOf('scorer');
    expect([after === before, others]).toEqual([false, []]);
    expect(valuesOf('publisher')).toEqual(publisher);
    await setKeys('--forget', 'scorer');
    expect(holders('scorer-previous')).toEqual([]);
    expect(valuesOf('scorer')).toEqual([after]);
  });

  test('an interrupted rotation ends with one value too', async () => {
    await setKeys();
    azure.fail(`functions/${KEYS.scorer[3] ?? ''}/keys/scorer`, { status: 400 });
    const [before] = valuesOf('scorer');
    const { code, err } = await setKeys('--rotate', 'scorer');
    expect(code).toBe(1);
    expect(err).toContain('run it again without --rotate');
    expect(valuesOf('scorer')).toHaveLength(2);
    await setKeys();
    expect(valuesOf('scorer')).toHaveLength(1);
    expect(valuesOf('scorer-previous')).toEqual([before]);
  });

  test('it waits for an app that is only just starting, and for a manager that is busy', async () => {
    const [first = '', second = ''] = KEYS.scorer;
    azure.fail(`functions/${first}/listkeys`, { status: 404 }, { status: 400 });
    azure.fail(`functions/${second}/listkeys`, { status: 429, headers: { 'retry-after': '1' } });
    expect((await setKeys()).code).toBe(0);
    expect(holders('scorer')).toHaveLength(KEYS.scorer.length);
  });

  test('who may not is told so at once', async () => {
    azure.fail(`functions/${KEYS.scorer[0] ?? ''}/listkeys`, { status: 403 });
    const { code, err } = await setKeys();
    expect(code).toBe(1);
    expect(err).toMatch(/^POST functions\/server-metadata\/listkeys of func-test: 403 /);
    expect(azure.asked).toHaveLength(1);
  });

  test('with roles there are none to set', async () => {
    const ran = await azure.run('set-keys.mjs', [], { ...OUTPUTS, PILOTLIGHT_ACCESS: 'roles' });
    expect([ran.code, azure.asked]).toEqual([0, []]);
  });

  test.each([['--rotate'], ['--forget']])('%s names a key', async (option) => {
    const { code, err } = await setKeys(option, 'operator');
    expect(code).toBe(1);
    expect(err).toContain('expected scorer or publisher, got operator');
  });
});

describe('subscribing to dropped models', () => {
  test('the key comes late, goes in a file that only its owner reads, and is gone afterwards', async () => {
    const running = azure.run('subscribe-drops.mjs', [], OUTPUTS);
    const state = { over: false };
    void running.then(() => (state.over = true));
    while (azure.asked.length < 2 && !state.over) await new Promise((done) => setTimeout(done, 20));
    azure.systemKeys.blobs_extension = 'event-key';
    const { code, out } = await running;
    expect(code).toBe(0);
    const { parameters, mode, file } = azure.deployed();
    expect(mode).toBe('600');
    expect(existsSync(file)).toBe(false);
    expect(parameters).toEqual({
      location: { value: 'westeurope' },
      suffix: { value: 'x1' },
      tags: { value: { 'azd-env-name': 'test', application: 'pilotlight' } },
      storageName: { value: 'sttest' },
      hostName: { value: 'func-test.example.net' },
      blobsExtensionKey: { value: 'event-key' },
    });
    for (const text of [out, ...azure.commands()]) expect(text).not.toContain('event-key');
  });

  test('it goes to the subscription of azd, whichever the Azure CLI has', async () => {
    azure.systemKeys.blobs_extension = 'event-key';
    const env = { ...OUTPUTS, AZURE_SUBSCRIPTION_ID: 'sub-1' };
    expect((await azure.run('subscribe-drops.mjs', [], env)).code).toBe(0);
    const asked = azure.commands().filter((one) => !one.startsWith('cloud'));
    expect(asked).toHaveLength(3);
    for (const command of asked) expect(command).toContain('--subscription sub-1');
  });

  test('its parameters are those of events.bicep', async () => {
    azure.systemKeys.blobs_extension = 'event-key';
    await azure.run('subscribe-drops.mjs', [], OUTPUTS);
    const declared = [...readFileSync('infra/events.bicep', 'utf8').matchAll(/^param (\w+)/gm)];
    expect(new Set(Object.keys(azure.deployed().parameters))).toEqual(
      new Set(declared.map(([, name]) => name)),
    );
  });

  test('a subscription that the app did not answer is tried again', async () => {
    azure.systemKeys.blobs_extension = 'event-key';
    azure.failDeployments(2);
    expect((await azure.run('subscribe-drops.mjs', [], OUTPUTS)).code).toBe(0);
  });

  test('it gives up in time, and says on what', async () => {
    const env = { ...OUTPUTS, PILOTLIGHT_WAIT_SECONDS: '2' };
    const { code, err } = await azure.run('subscribe-drops.mjs', [], env);
    expect(code).toBe(1);
    expect(err).toContain('the key blobs_extension of func-test');
    expect(err).toContain('waited 2 s in vain');
  });

  test('outputs come from a file too, in whatever case Azure gives them', async () => {
    azure.systemKeys.blobs_extension = 'event-key';
    const file = join(folder, 'outputs.json');
    const odd = Object.entries(OUTPUTS).map(([name, value]) => [
      name.slice(0, 5).toLowerCase() + name.slice(5),
      { type: 'String', value },
    ]);
    writeFileSync(file, JSON.stringify(Object.fromEntries(odd)));
    expect((await azure.run('subscribe-drops.mjs', ['--outputs', file], {})).code).toBe(0);
  });

  test('outputs that are missing are named', async () => {
    const { PILOTLIGHT_URL, ...rest } = OUTPUTS;
    const { code, err } = await azure.run('subscribe-drops.mjs', [], rest);
    expect([code, typeof PILOTLIGHT_URL]).toEqual([1, 'string']);
    expect(err.trim()).toBe(
      'the environment: expected PILOTLIGHT_URL of main.bicep’s outputs'.replace('’', "'"),
    );
  });
});
