import type { ModelName, Version } from '../ids.ts';
import type { Engine } from '../ports/engine.ts';
import type { RegistryStore } from '../ports/registry.ts';
import type { VersionState } from '../registry/model-record.ts';
import { resolveVersion } from '../registry/routing.ts';
import type { ServableModels } from './servable-models.ts';

/** What Triton's repository index calls a version's state. */
export type RepositoryState = 'READY' | 'LOADING' | 'UNAVAILABLE';

interface RepositoryEntry {
  readonly model: ModelName;
  readonly version: Version;
  readonly state: VersionState;
}

const PAGE = 1_000;

/** Every version of every model, by name and version. */
export async function indexRepository({
  registry,
}: {
  registry: RegistryStore;
}): Promise<RepositoryEntry[]> {
  const entries: RepositoryEntry[] = [];
  for (let after: ModelName | undefined; ; ) {
    const page = await registry.listModels({ limit: PAGE, ...(after && { after }) });
    for (const { model, versions } of page) {
      entries.push(...versions.map(({ version, state }) => ({ model, version, state })));
    }
    after = page.at(-1)?.model;
    if (page.length < PAGE) return entries;
  }
}

interface Deps {
  readonly engine: Engine;
  readonly models: ServableModels;
}

/** Loads what the model's routing may choose. @throws ServingError as `resolve` and `load` do */
export async function loadModel({ engine, models }: Deps, model: ModelName): Promise<void> {
  const record = await models.record(model);
  const { production, candidate } = record.routing;
  const versions = [production, candidate?.version].filter((version) => version !== undefined);
  // Without any, routing says why.
  if (versions.length === 0) resolveVersion(record, undefined, 0);
  await Promise.all(
    versions.map(async (version) => engine.load(await models.servable(record, version))),
  );
}

/** Takes every version of a model out of this instance's memory; the next request loads anew. */
export async function unloadModel({ engine, models }: Deps, model: ModelName): Promise<void> {
  await models.record(model);
  const keys = engine.loaded().filter((key) => key.startsWith(`${model}/`));
  await Promise.all(keys.map((key) => engine.unload(key)));
}
