import { ServingError } from '../errors.ts';
import { isActive, type Rollout, type RolloutPlan, type Stage } from '../rollout/rollout.ts';
import { amend, type Happening, type Stamp, timeOf } from './amend.ts';
import { withFormer } from './formerly.ts';
import type { ModelRecord, Routing } from './model-record.ts';

// What the transitions of rollouts are made of. Each step takes the rollout as it is to be written
// but for the stage or end that the step itself sets.

/** By whom and when a step is made; `step`: `further` where the same write has made one already. */
export interface Making {
  readonly stamp: Stamp;
  readonly step?: typeof amend;
}

/** Why a step is made. */
export type Because = Pick<Happening, 'why'> & Partial<Pick<Happening, 'figures'>>;

/** What a model's traffic does while a rollout is in a stage. */
export function routingOf({ version, from }: RolloutPlan, { kind, percent }: Stage): Routing {
  const share = { version, percent };
  return { production: from, ...(kind === 'shadow' ? { shadow: share } : { candidate: share }) };
}

/** @throws ServingError `conflict` while a rollout runs or is paused */
export function requireNoRollout({ model, rollout }: ModelRecord): void {
  if (!isActive(rollout)) return;
  const { id, plan, status } = rollout;
  throw new ServingError({
    kind: 'conflict',
    detail: `model ${model}: rollout ${id} of version ${plan.version} is ${status.state} and decides what is routed; wait for its end, or POST /models/${model}/rollouts/${id}/abort`,
  });
}

/** What an event says of a rollout; `stage` is the one that begins with it. */
export function happening(
  type: Happening['type'],
  { id, plan }: Rollout,
  { why, figures }: Because,
  stage?: Stage,
): Happening {
  return {
    type,
    why,
    figures: {
      ...figures,
      rollout: id,
      version: String(plan.version),
      from: String(plan.from),
      ...(stage && { stage: stage.kind, percent: stage.percent }),
    },
  };
}

/** The stage behind the one that it is in; with 100 % the version is production. */
export function enterNextStage(
  record: ModelRecord,
  rollout: Rollout,
  because: Because,
  making: Making,
): ModelRecord {
  const { plan, stage: passed } = rollout;
  const percent =
    passed.kind === 'shadow' ? plan.steps[0] : plan.steps.find((each) => each > passed.percent);
  if (percent === undefined || percent === 100) return complete(record, rollout, because, making);
  const { stamp, step = amend } = making;
  const startedAt = timeOf(record, stamp);
  const stage: Stage = { number: passed.number + 1, kind: 'canary', percent, startedAt };
  const event = happening('rolloutAdvanced', rollout, because, stage);
  return step(
    record,
    { rollout: { ...rollout, stage }, routing: routingOf(plan, stage) },
    event,
    stamp,
  );
}

/** The version is production, and the rollout over. */
export function complete(
  record: ModelRecord,
  rollout: Rollout,
  because: Because,
  making: Making,
): ModelRecord {
  const { stamp, step = amend } = making;
  const { version } = rollout.plan;
  return step(
    record,
    {
      rollout: ended(record, rollout, { state: 'completed', why: because.why }, stamp),
      routing: { production: version },
      ...withFormer(record, version),
    },
    happening('rolloutCompleted', rollout, because),
    stamp,
  );
}

/** Production is what it was, and the rollout over. */
export function goBack(
  record: ModelRecord,
  rollout: Rollout,
  because: Because & { readonly state: 'rolledBack' | 'aborted' },
  stamp: Stamp,
): ModelRecord {
  const { state, why } = because;
  return amend(
    record,
    {
      rollout: ended(record, rollout, { state, why }, stamp),
      routing: { production: rollout.plan.from },
    },
    happening(state === 'aborted' ? 'rolloutAborted' : 'rolledBack', rollout, because),
    stamp,
  );
}

/** Aborts an active rollout; without one the record is as it was. */
export function endRollout(record: ModelRecord, because: Because, stamp: Stamp): ModelRecord {
  return isActive(record.rollout)
    ? goBack(record, record.rollout, { ...because, state: 'aborted' }, stamp)
    : record;
}

function ended(
  record: ModelRecord,
  rollout: Rollout,
  { state, why }: { state: 'completed' | 'rolledBack' | 'aborted'; why: string },
  stamp: Stamp,
): Rollout {
  return { ...rollout, status: { state, finishedAt: timeOf(record, stamp), why } };
}
