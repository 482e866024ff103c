import { ServingError } from '../errors.ts';
import type { ModelName, RolloutId } from '../ids.ts';
import type { RegistryStore } from '../ports/registry.ts';
import { unknownModel } from '../registry/lookup.ts';
import type { ModelRecord } from '../registry/model-record.ts';
import type { Rollout } from '../rollout/rollout.ts';

type Deps = {
  readonly registry: Pick<RegistryStore, 'readModel' | 'readRollout' | 'listRollouts'>;
};

/** Where a list goes on: behind this rollout. */
export type RolloutPosition = Pick<Rollout, 'createdAt' | 'id'>;

/**
 * A model's rollout with the record that was read, whether that still holds it or not; a deleted
 * model keeps its own. @throws ServingError `notFound`
 */
export async function readRollout(
  { registry }: Deps,
  model: ModelName,
  id: RolloutId,
): Promise<{ record: ModelRecord; rollout: Rollout }> {
  const record = await readRecord(registry, model);
  const rollout = await findRollout(registry, record, id);
  if (rollout) return { record, rollout };
  throw unknownRollout(model, id);
}

/** A rollout that this record holds, or that was copied out of one before it. */
export async function findRollout(
  registry: Pick<RegistryStore, 'readRollout'>,
  { model, rollout }: ModelRecord,
  id: RolloutId,
): Promise<Rollout | undefined> {
  return rollout?.id === id ? rollout : await registry.readRollout(model, id);
}

export function unknownRollout(model: ModelName, id: RolloutId): ServingError {
  return new ServingError({
    kind: 'notFound',
    detail: `model ${model} has no rollout ${id}; GET /models/${model}/rollouts lists them`,
  });
}

/**
 * A model's rollouts, newest first, strictly behind `before`; `next` is there when more follow.
 * @throws ServingError `notFound`
 */
export async function listRollouts(
  { registry }: Deps,
  model: ModelName,
  { before, limit }: { readonly before?: RolloutPosition | undefined; readonly limit: number },
): Promise<{ rollouts: Rollout[]; next?: RolloutPosition }> {
  // The record first: the rollout that it no longer holds was copied out before it was read.
  const { rollout: held } = await readRecord(registry, model);
  const kept = await registry.listRollouts(model, { ...(before && { before }), limit: limit + 1 });
  const all = kept.filter(({ id }) => id !== held?.id);
  if (held && (!before || precedes(before, held))) all.push(held);
  all.sort((a, b) => (precedes(a, b) ? -1 : 1));
  const rollouts = all.slice(0, limit);
  const last = rollouts.at(-1);
  return {
    rollouts,
    ...(last && all.length > limit && { next: { createdAt: last.createdAt, id: last.id } }),
  };
}

/** Whether a list says `a` before `b`. */
function precedes(a: RolloutPosition, b: RolloutPosition): boolean {
  return a.createdAt === b.createdAt ? a.id > b.id : a.createdAt > b.createdAt;
}

async function readRecord(
  registry: Pick<RegistryStore, 'readModel'>,
  model: ModelName,
): Promise<ModelRecord> {
  const stored = await registry.readModel(model);
  if (!stored) throw unknownModel(model);
  return stored.value;
}
