import { expect, test } from '@jest/globals';
import type { Digest, ModelName, Version } from '../ids.ts';
import type { ServableModel } from '../ports/engine.ts';
import type { ModelRecord, Routing } from '../registry/model-record.ts';
import { type PreloadDeps, preloadModels } from './preload-models.ts';

const version = (number: number) => number as Version;

/** Models by name, each with what its card says of preloading; versions are `bytes` large. */
function world(
  models: Readonly<Record<string, { preload: boolean; bytes?: number; routing?: Routing }>>,
) {
  const loaded: string[] = [];
  const pages: (string | undefined)[] = [];
  const names = Object.keys(models).sort();
  const deps = {
    config: { modelCacheBytes: 1_000, vcpus: 2 },
    registry: {
      listModels: ({ after, limit }: { after?: ModelName; limit: number }) => {
        pages.push(after);
        const rest = names.filter((name) => after === undefined || name > after);
        return Promise.resolve(
          rest.slice(0, limit).map((model) => ({
            model,
            routing: models[model]?.routing ?? { production: version(1) },
          })) as unknown as ModelRecord[],
        );
      },
    },
    models: {
      servable: (record: ModelRecord, of: Version) => {
        if (record.model.startsWith('broken')) return Promise.reject(new Error('no verdict'));
        return Promise.resolve({
          key: `${record.model}/${of}`,
          model: record.model,
          version: of,
          digest: '' as Digest,
          bytes: models[record.model]?.bytes ?? 10,
          preload: models[record.model]?.preload,
        } as unknown as ServableModel);
      },
    },
    engine: {
      load: (model: ServableModel) => {
        if (model.model.startsWith('bad')) return Promise.reject(new Error('it is damaged'));
        loaded.push(model.key);
        return Promise.resolve();
      },
    },
  };
  return { deps: deps as unknown as PreloadDeps, loaded, pages };
}

test('loads what takes traffic of the models that ask for it, however many there are', async () => {
  const many = Object.fromEntries(
    Array.from({ length: 120 }, (_, index) => [
      `m${String(index).padStart(3, '0')}`,
      { preload: index % 50 === 49 },
    ]),
  );
  const { deps, loaded, pages } = world({
    ...many,
    both: {
      preload: true,
      routing: { production: version(3), candidate: { version: version(4), percent: 5 } },
    },
    unrouted: { preload: true, routing: {} },
  });
  const warned: string[] = [];
  expect(await preloadModels(deps, (text) => warned.push(text))).toBe(4);
  expect(loaded).toEqual(['both/3', 'both/4', 'm049/1', 'm099/1']);
  expect(pages).toHaveLength(3);
  expect(warned).toEqual([]);
});

test('what does not fit beside the others is left for its first request', async () => {
  const { deps, loaded } = world({
    a: { preload: true, bytes: 300 },
    b: { preload: true, bytes: 300 },
    c: { preload: true, bytes: 200 },
  });
  const warned: string[] = [];
  expect(await preloadModels(deps, (text) => warned.push(text))).toBe(2);
  expect(loaded).toEqual(['a/1', 'c/1']);
  expect(warned).toEqual(['model b version 1: no room to preload it: 600 bytes, 400 are left']);
});

test('one that can not be loaded does not keep the others from it', async () => {
  const { deps, loaded } = world({
    'bad-file': { preload: true },
    'broken-record': { preload: true },
    fine: { preload: true },
  });
  const warned: string[] = [];
  expect(await preloadModels(deps, (text) => warned.push(text))).toBe(1);
  expect(loaded).toEqual(['fine/1']);
  expect(warned.map((text) => text.split(':')[0])).toEqual([
    'model broken-record',
    'model bad-file version 1',
  ]);
});
