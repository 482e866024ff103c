import type { ModelName, RolloutId } from '../ids.ts';
import type { CounterStore } from '../ports/counters.ts';
import type { ModelRecord } from '../registry/model-record.ts';
import { advance, freezeSlow, rollBackRollout, type StageRef } from '../registry/rollouts.ts';
import { type Judged, judge } from '../rollout/judge.ts';
import { type ActiveRollout, isActive, type Judgement, type Rollout } from '../rollout/rollout.ts';
import { parseTraceparent } from '../telemetry/trace-context.ts';
import { changeModel, type RegistryDeps } from './change-model.ts';

/** Rollouts looked at in one go. */
const MAX_ROLLOUTS = 1_000;
/** Models at a time: most of a judgement is waiting for the database. */
const AT_ONCE = 8;
/** In the history. */
const WHO = 'rollout';

export interface JudgeDeps extends RegistryDeps {
  readonly counters: CounterStore;
}

/** A judgement that this call made true. */
export interface Changed {
  readonly model: ModelName;
  readonly rollout: RolloutId;
  /** As the rollout then is: advanced to its next stage, completed or rolled back. */
  readonly state: Rollout['status']['state'];
  readonly judgement: Judgement;
}

/** What one look at all active rollouts came to. */
export interface JudgedRollouts {
  readonly changed: readonly Changed[];
  /** Models whose rollout could not be judged, and why; the others were nevertheless. */
  readonly failures: readonly { readonly model: ModelName; readonly error: unknown }[];
}

/**
 * Looks at what instances counted of each active rollout, and advances it or takes it back, one
 * conditional write each. Any number of judges may be at it, at any time: what one decides is about
 * the stage that it looked at, and no change once that is past. A clock that jumps ahead lets a stage
 * that has its requests end early, never without them; one that jumps back holds it until the time
 * of its start has come again.
 */
export async function judgeRollouts(deps: JudgeDeps): Promise<JudgedRollouts> {
  const records = await deps.registry.listRollingOut({ limit: MAX_ROLLOUTS });
  const changed: Changed[] = [];
  const failures: { model: ModelName; error: unknown }[] = [];
  const judgeOne = async (record: ModelRecord) => {
    try {
      return await told(deps, record, () => judgeModel(deps, record));
    } catch (error) {
      failures.push({ model: record.model, error });
      return undefined;
    }
  };
  for (let at = 0; at < records.length; at += AT_ONCE) {
    const some = await Promise.all(records.slice(at, at + AT_ONCE).map(judgeOne));
    changed.push(...some.filter((each) => each !== undefined));
  }
  return { changed, failures };
}

/** What a look at an active rollout says now; nothing is changed. */
export async function judgeNow(
  deps: Pick<JudgeDeps, 'counters' | 'clock'>,
  rollout: Rollout,
): Promise<Judgement> {
  return (await look(deps, rollout)).judgement;
}

async function judgeModel(
  deps: JudgeDeps,
  { model, rollout }: ModelRecord,
): Promise<Changed | undefined> {
  // The list may be behind.
  if (!isActive(rollout)) return undefined;
  const judged = await look(deps, rollout);
  if (judged.judgement.decision === 'hold' && judged.slowMs === undefined) return undefined;
  const { before, record } = await changeModel(deps, model, (stands, now) => ({
    before: stands,
    record: stands && decided(stands, rollout, judged, now),
  }));
  return record?.rollout && before?.rollout?.judgement !== record.rollout.judgement
    ? {
        model,
        rollout: rollout.id,
        state: record.rollout.status.state,
        judgement: judged.judgement,
      }
    : undefined;
}

/** A judgement that changed something is part of the trace that began with the rollout's start. */
async function told(
  { telemetry }: JudgeDeps,
  { model, rollout }: ModelRecord,
  judging: () => Promise<Changed | undefined>,
): Promise<Changed | undefined> {
  const operation = telemetry?.begin('judge-rollout', () => parseTraceparent(rollout?.traceparent));
  try {
    const changed = await judging();
    if (changed) operation?.note({ model, rollout: changed.rollout, step: changed.state });
    return changed;
  } finally {
    // What failed is told of as the failure of all that were looked at.
    if (operation) telemetry?.end(operation, { done: 'noted', refused: 'never' });
  }
}

async function look(
  { counters, clock }: Pick<JudgeDeps, 'counters' | 'clock'>,
  rollout: Rollout,
): Promise<Judged> {
  const counts = await counters.list(rollout.id, rollout.stage.number);
  return judge({ rollout, counts, now: clock() });
}

/** The record as the judgement of the rollout that was looked at wants it; the same if that is past. */
function decided(
  stands: ModelRecord,
  { id, stage }: ActiveRollout,
  { judgement, evidence, slowMs }: Judged,
  now: number,
): ModelRecord {
  const record = slowMs === undefined ? stands : freezeSlow(stands, { id }, slowMs);
  const ref: StageRef = { id, stage: stage.number };
  const stamp = { now, who: WHO };
  switch (judgement.decision) {
    case 'hold':
      return record;
    case 'advance':
      return advance(record, ref, { judgement, evidence }, stamp);
    case 'rollBack':
      return rollBackRollout(record, ref, judgement, stamp);
  }
}
