import type { ModelName } from '../ids.ts';
import { type Precondition, requireMatch } from '../registry/etag.ts';
import { requireModel } from '../registry/lookup.ts';
import type { ModelRecord } from '../registry/model-record.ts';
import { takeBack } from '../registry/rollback.ts';
import { withKey } from '../registry/used-keys.ts';
import { changeModel, type RegistryDeps } from './change-model.ts';
import { type Claim, usedBefore } from './idempotency.ts';

/**
 * Takes a model back to the production before, and answers the model as it then is; with a key that
 * did so already, as it is.
 * @throws ServingError `notFound`, `stale`, `conflict` (nothing to go back to, or the key came with
 * another body)
 */
export async function rollBack(
  deps: RegistryDeps,
  asked: {
    readonly model: ModelName;
    readonly why?: string | undefined;
    readonly allows: Precondition;
    readonly who: string;
    readonly claim?: Claim;
  },
): Promise<ModelRecord> {
  const { claim, why, who } = asked;
  const { record } = await changeModel(deps, asked.model, (before, now) => {
    const model = requireModel(before, asked.model);
    if (claim && usedBefore(model, claim, now)) return { record: model };
    requireMatch(model, asked.allows);
    const back = takeBack(model, why, { now, who });
    if (!claim) return { record: back };
    const { key, fingerprint } = claim;
    return { record: withKey(back, { key, fingerprint, at: now }) };
  });
  return record;
}
