import { ServingError } from '../errors.ts';
import type { ModelName } from '../ids.ts';
import type { ArtifactStore } from '../ports/artifacts.ts';
import { bury, settlePurge } from '../registry/deletion.ts';
import { type Precondition, requireMatch } from '../registry/etag.ts';
import { requireModel } from '../registry/lookup.ts';
import type { ModelRecord } from '../registry/model-record.ts';
import { changeModel, type RegistryDeps } from './change-model.ts';

/**
 * Ends a model's life and removes its artifacts. Once the tombstone stands the model is gone; what a
 * crash or a storage that doesn't answer leaves of its artifacts, `purgeOwed` removes later.
 * @throws ServingError `notFound`, `stale`, `conflict` while it is routed and `force` isn't given
 */
export async function deleteModel(
  deps: RegistryDeps & { readonly artifacts: Pick<ArtifactStore, 'purge'> },
  command: {
    readonly model: ModelName;
    readonly force: boolean;
    readonly allows: Precondition;
    readonly who: string;
  },
): Promise<void> {
  const { record } = await changeModel(deps, command.model, (before, now) => {
    const model = requireModel(before, command.model);
    requireMatch(model, command.allows);
    return { record: bury(model, command.force, { now, who: command.who }) };
  });
  try {
    await purgeOwed(deps, record);
  } catch (error) {
    // The model is gone and the record says what is owed: the sweep goes on from here.
    if (!(error instanceof ServingError && error.failure.kind === 'unavailable')) throw error;
  }
}

/** Removes the artifacts of a model's earlier lives that are owed removal; again is no error. */
export async function purgeOwed(
  deps: RegistryDeps & { readonly artifacts: Pick<ArtifactStore, 'purge'> },
  { model, purges }: Pick<ModelRecord, 'model' | 'purges'>,
): Promise<void> {
  for (const incarnation of purges) {
    await deps.artifacts.purge(model, incarnation);
    await changeModel(deps, model, (before) => ({
      record: before && settlePurge(before, incarnation),
    }));
  }
}
