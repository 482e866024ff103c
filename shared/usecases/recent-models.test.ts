import { afterEach, describe, expect, jest, test } from '@jest/globals';
import type { Digest, ModelName, Version } from '../ids.ts';
import type { Engine, ServableModel } from '../ports/engine.ts';
import type { KnownVersion } from '../ports/known-versions.ts';
import type { ModelFiles } from '../ports/model-files.ts';
import type { ModelRecord } from '../registry/model-record.ts';
import { servableFrom } from './known-version.ts';
import { RecentModels } from './recent-models.ts';
import type { ServableModels } from './servable-models.ts';

const modelFiles = {} as ModelFiles;

const known = (model: string, changes: Partial<KnownVersion> = {}): KnownVersion => ({
  model: model as ModelName,
  incarnation: 1,
  version: 1 as Version,
  digest: 'd'.repeat(64) as Digest,
  bytes: 10,
  signature: { inputs: [], outputs: [] },
  batchRows: 1,
  inlineable: false,
  preload: false,
  ...changes,
});

/** A registry that says `registered`, after a process that kept `kept`. */
function world(kept: readonly KnownVersion[], registered: readonly KnownVersion[]) {
  const events: string[] = [];
  const loaded = new Map<string, ServableModel>();
  const asked = new Map<string, ReturnType<typeof servableFrom>>();
  const written: (readonly KnownVersion[])[] = [];
  const found = (model: string) => registered.find((one) => one.model === model);
  const models = {
    record: (model: ModelName) => {
      const one = found(model);
      if (!one) return Promise.reject(new Error(`unknown model ${model}`));
      const { incarnation, version } = one;
      const versions = [{ version, state: model.startsWith('retired') ? 'retired' : 'ready' }];
      return Promise.resolve({ model, incarnation, versions } as unknown as ModelRecord);
    },
    servable: ({ model }: ModelRecord) => {
      const servable = servableFrom(found(model) ?? known(model), modelFiles);
      asked.set(servable.key, servable);
      return Promise.resolve(servable);
    },
    asked: () => asked.values(),
  } as unknown as ServableModels;
  const engine = {
    load: (model: ServableModel) => {
      events.push(`load ${model.model}`);
      if (model.model.startsWith('damaged')) return Promise.reject(new Error('damaged'));
      loaded.set(model.key, model);
      return Promise.resolve();
    },
    unload: (key: string) => {
      events.push(`unload ${key.split('/')[0]}`);
      loaded.delete(key);
      return Promise.resolve();
    },
    loaded: () => [...loaded.keys()],
  } as unknown as Engine;
  const recent = {
    read: () => Promise.resolve(kept),
    write: (versions: readonly KnownVersion[]) => {
      written.push(versions);
      return Promise.resolve();
    },
  };
  const config = { modelCacheBytes: 100, vcpus: 2 };
  const recentModels = new RecentModels({ engine, models, modelFiles, recent, config });
  /** As a first request does. */
  const ask = async (one: KnownVersion) => {
    await engine.load(await models.servable({ model: one.model } as ModelRecord, one.version));
  };
  return { recentModels, events, loaded, written, ask };
}

afterEach(() => {
  jest.useRealTimers();
});

describe('models that an earlier process kept', () => {
  test('are loaded: those that ask for it first, then the ones used last', async () => {
    const kept = [known('old'), known('eager', { preload: true }), known('new')];
    const { recentModels, events } = world(kept, kept);
    await recentModels.begin();
    expect(events).toEqual(['load eager', 'load new', 'load old']);
  });

  test('stay within the budget for all threads', async () => {
    const kept = [
      known('small', { bytes: 10 }),
      known('large', { bytes: 41 }),
      known('half', { bytes: 40 }),
    ];
    const { recentModels, events } = world(kept, kept);
    await recentModels.begin();
    expect(events).toEqual(['load half', 'load small']);
  });

  test.each([
    ['deleted', [known('m')], []],
    ['in another life', [known('m')], [known('m', { incarnation: 2 })]],
    ['retired', [known('retired')], [known('retired')]],
    ['another file', [known('m')], [known('m', { digest: 'e'.repeat(64) as Digest })]],
    ['batched otherwise', [known('m')], [known('m', { batchRows: 8 })]],
  ])('go again when the registry says: %s', async (_, kept, registered) => {
    const { recentModels, events, loaded } = world(kept, registered);
    await recentModels.begin();
    expect(events.map((event) => event.split(' ')[0])).toEqual(['load', 'unload']);
    expect(loaded.size).toBe(0);
  });

  test('are out of reach of a request that the registry leads elsewhere', () => {
    const keys = [known('m'), known('m', { digest: 'e'.repeat(64) as Digest })].map(
      (one) => servableFrom(one, modelFiles).key,
    );
    expect(new Set(keys).size).toBe(2);
  });

  test('that can not be loaded hold nobody up', async () => {
    const kept = [known('fine'), known('damaged')];
    const { recentModels, events } = world(kept, kept);
    await recentModels.begin();
    expect(events).toEqual(['load damaged', 'load fine']);
  });
});

describe('models that are loaded', () => {
  test('are not kept by an end before those of an earlier process are', async () => {
    jest.useFakeTimers();
    const kept = [known('a'), known('b')];
    const { recentModels, events, written, ask } = world(kept, kept);
    const beginning = recentModels.begin();
    while (!events.includes('load b')) await Promise.resolve();
    await ask(known('b'));
    await recentModels.end();
    await beginning;
    expect(written).toEqual([]);
    expect(jest.getTimerCount()).toBe(0);
  });

  test('are kept when they change, and at the end', async () => {
    jest.useFakeTimers();
    const { recentModels, written, ask } = world([], [known('a'), known('b')]);
    await recentModels.begin();
    await jest.advanceTimersByTimeAsync(20_000);
    expect(written).toEqual([]);
    await ask(known('a'));
    await jest.advanceTimersByTimeAsync(20_000);
    expect(written).toEqual([[known('a')]]);
    await ask(known('b'));
    await recentModels.end();
    expect(written.at(-1)).toEqual([known('a'), known('b')]);
    await jest.advanceTimersByTimeAsync(20_000);
    expect(written).toHaveLength(2);
  });

  test('that were not loaded this time leave what was kept as it is', async () => {
    const { recentModels, written } = world([known('m')], []);
    await recentModels.begin();
    await recentModels.end();
    expect(written).toEqual([]);
  });
});
