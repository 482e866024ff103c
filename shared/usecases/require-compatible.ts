import { ServingError } from '../errors.ts';
import { compatibilityOf } from '../evaluation/compatibility.ts';
import type { Version } from '../ids.ts';
import type { ModelRecord } from '../registry/model-record.ts';
import type { RegistryDeps } from './change-model.ts';

/**
 * Holds a ready version against the production of this record: what its report says may be about
 * another one. Nothing is asked where nothing is routed, or the version is production.
 * @throws ServingError `conflict` that lists what breaks
 */
export async function requireCompatible(
  deps: Pick<RegistryDeps, 'registry'>,
  record: ModelRecord,
  version: Version,
): Promise<void> {
  const { production } = record.routing;
  if (production === undefined || production === version) return;
  const [standing, coming] = await Promise.all([
    served(deps, record, production),
    served(deps, record, version),
  ]);
  const { kind, changes } = compatibilityOf(standing, coming);
  if (kind !== 'breaking') return;
  throw new ServingError({
    kind: 'conflict',
    detail: `version ${version} of model ${record.model} breaks callers of version ${production}: ${changes.join('; ')}. Say allowBreaking: true to let it take traffic nevertheless`,
  });
}

/** What callers of a ready version deal with; verdicts never change. */
async function served(
  { registry }: Pick<RegistryDeps, 'registry'>,
  { model, incarnation }: ModelRecord,
  version: Version,
) {
  const verdict = await registry.readVerdict({ model, incarnation, version });
  if (verdict?.outcome.kind === 'ready') {
    return { signature: verdict.outcome.signature, card: verdict.card };
  }
  throw new ServingError({
    kind: 'unavailable',
    detail: `the verdict on version ${version} of model ${model} can't be read yet; try again`,
    retryAfterSeconds: 1,
  });
}
