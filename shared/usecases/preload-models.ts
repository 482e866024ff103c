import type { ModelName } from '../ids.ts';
import type { Engine, ServableModel } from '../ports/engine.ts';
import type { RegistryStore } from '../ports/registry.ts';
import type { ModelRecord } from '../registry/model-record.ts';
import type { ServableModels } from './servable-models.ts';

/** Models read at once, and their verdicts. */
const PAGE = 50;
/** Models looked at: an instance that starts doesn't read a registry of any size. */
const MAX_MODELS = 2_000;

export interface PreloadDeps {
  readonly engine: Engine;
  readonly models: ServableModels;
  readonly registry: RegistryStore;
  readonly config: { readonly modelCacheBytes: number; readonly vcpus: number };
}

/**
 * Loads what takes traffic of the models whose card says `preload`, by name, as long as they fit the
 * budget together; the rest waits for its first request. Answers how many versions it loaded; one
 * that can't be loaded is told to `warn`, and the next one's turn comes.
 */
export async function preloadModels(
  deps: PreloadDeps,
  warn: (text: string) => void,
): Promise<number> {
  let room = deps.config.modelCacheBytes;
  let loaded = 0;
  for await (const servable of wanted(deps, warn)) {
    const bytes = servable.bytes * deps.config.vcpus;
    if (bytes > room) {
      warn(`${nameOf(servable)}: no room to preload it: ${bytes} bytes, ${room} are left`);
      continue;
    }
    try {
      await deps.engine.load(servable);
      room -= bytes;
      loaded++;
    } catch (error) {
      warn(`${nameOf(servable)}: not preloaded: ${String(error)}`);
    }
  }
  return loaded;
}

async function* wanted(
  { registry, models }: PreloadDeps,
  warn: (text: string) => void,
): AsyncGenerator<ServableModel> {
  let after: ModelName | undefined;
  for (let looked = 0; looked < MAX_MODELS; looked += PAGE) {
    const page = await registry.listModels({ limit: PAGE, ...(after && { after }) });
    const servable = await Promise.all(page.map((record) => trafficTakers(models, record, warn)));
    yield* servable.flat().filter(({ preload }) => preload);
    after = page.at(-1)?.model;
    if (page.length < PAGE) return;
  }
}

/** The versions that take a model's traffic; none when they can't be told. */
async function trafficTakers(
  models: ServableModels,
  record: ModelRecord,
  warn: (text: string) => void,
): Promise<ServableModel[]> {
  const { production, candidate } = record.routing;
  const versions = [production, candidate?.version].filter((version) => version !== undefined);
  try {
    return await Promise.all(versions.map((version) => models.servable(record, version)));
  } catch (error) {
    warn(`model ${record.model}: not preloaded: ${String(error)}`);
    return [];
  }
}

function nameOf({ model, version }: ServableModel): string {
  return `model ${model} version ${version}`;
}
