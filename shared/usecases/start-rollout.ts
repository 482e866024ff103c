import { randomBytes } from 'node:crypto';
import type { ModelName, RolloutId } from '../ids.ts';
import { type Precondition, requireMatch } from '../registry/etag.ts';
import { requireModel } from '../registry/lookup.ts';
import type { ModelRecord } from '../registry/model-record.ts';
import type { WantedRollout } from '../registry/rollout-plan.ts';
import { start } from '../registry/rollouts.ts';
import { withKey } from '../registry/used-keys.ts';
import type { Rollout } from '../rollout/rollout.ts';
import { changeModel, type RegistryDeps } from './change-model.ts';
import { type Claim, usedBefore } from './idempotency.ts';
import { findRollout, unknownRollout } from './read-rollouts.ts';
import { requireCompatible } from './require-compatible.ts';

/** A rollout that somebody wants. */
export interface StartCommand {
  readonly model: ModelName;
  readonly wanted: WantedRollout;
  readonly who: string;
  /** Absent: whatever the model is like. */
  readonly allows?: Precondition;
  /** Starts once, ever: one of this id that stands is the answer. */
  readonly id?: RolloutId;
  /** Why it waits for somebody from the start. */
  readonly paused?: string;
  readonly claim?: Claim;
  /** Of the work that starts it, as W3C Trace Context has it. */
  readonly traceparent?: string | undefined;
}

/**
 * Starts a rollout, and answers it with the model as both then are; `created` is false for one that
 * stood already.
 * @throws ServingError `notFound`, `stale`, `malformed` (the plan), `conflict`: it can't be started
 * as the model is, it breaks production's callers and that isn't allowed, or the key came with
 * another body
 */
export async function startRollout(
  deps: RegistryDeps,
  wanted: StartCommand,
): Promise<{ record: ModelRecord; rollout: Rollout; created: boolean }> {
  const { model: name, who, claim, traceparent } = wanted;
  const id = wanted.id ?? newId(deps.clock());
  return await changeModel(deps, name, async (before, now) => {
    const model = requireModel(before, name);
    // A rollout leaves the record only once it stands as a document, and this record is replaced
    // only as it is: what is in neither place was never started.
    const known = wanted.id && (await findRollout(deps.registry, model, wanted.id));
    if (known) return { record: model, rollout: known, created: false };
    const used = claim && usedBefore(model, claim, now);
    if (used?.rollout !== undefined) {
      const rollout = await findRollout(deps.registry, model, used.rollout);
      if (!rollout) throw unknownRollout(name, used.rollout);
      return { record: model, rollout, created: false };
    }
    if (wanted.allows) requireMatch(model, wanted.allows);
    const started = start(
      model,
      { id, wanted: wanted.wanted, paused: wanted.paused, traceparent },
      { now, who },
    );
    if (!wanted.wanted.allowBreaking) {
      await requireCompatible(deps, model, wanted.wanted.version);
    }
    const { key, fingerprint } = claim ?? {};
    const record =
      key === undefined || fingerprint === undefined
        ? started
        : withKey(started, { key, fingerprint, at: now, rollout: id });
    const { rollout } = started;
    if (!rollout) throw new Error(`rollout ${id} of model ${name} started without being there`);
    return { record, rollout, created: true };
  });
}

/** Sorts by time, within a model's own. */
function newId(now: number): RolloutId {
  return `r${now.toString(36)}${randomBytes(4).toString('hex')}` as RolloutId;
}
