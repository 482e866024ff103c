import type { ModelName, RolloutId } from '../ids.ts';
import { type Precondition, requireMatch } from '../registry/etag.ts';
import { requireModel } from '../registry/lookup.ts';
import type { ModelRecord } from '../registry/model-record.ts';
import { command, type RolloutCommand, requireActive } from '../registry/rollout-commands.ts';
import type { Rollout } from '../rollout/rollout.ts';
import { changeModel, type RegistryDeps } from './change-model.ts';
import { findRollout, unknownRollout } from './read-rollouts.ts';

/**
 * Pauses, resumes, promotes or aborts a rollout, and answers it with the model as both then are; what
 * is so already is no change.
 * @throws ServingError `notFound`, `stale`, `conflict` (it is over)
 */
export async function commandRollout(
  deps: RegistryDeps,
  asked: {
    readonly model: ModelName;
    readonly id: RolloutId;
    readonly command: RolloutCommand;
    readonly why?: string | undefined;
    readonly allows: Precondition;
    readonly who: string;
  },
): Promise<{ record: ModelRecord; rollout: Rollout }> {
  const { model: name, id, who } = asked;
  return await changeModel(deps, name, async (before, now) => {
    const model = requireModel(before, name);
    const rollout = await findRollout(deps.registry, model, id);
    if (!rollout) throw unknownRollout(name, id);
    requireMatch(model, asked.allows);
    requireActive(name, rollout);
    const record = command(model, rollout, asked, { now, who });
    return { record, rollout: record.rollout ?? rollout };
  });
}
