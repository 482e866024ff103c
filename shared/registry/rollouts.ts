import { ServingError } from '../errors.ts';
import type { RolloutId } from '../ids.ts';
import {
  type Evidence,
  isActive,
  type Judgement,
  type Rollout,
  type RolloutPlan,
  type Stage,
} from '../rollout/rollout.ts';
import { amend, further, type Stamp, timeOf } from './amend.ts';
import { requireReady } from './lookup.ts';
import type { ModelRecord } from './model-record.ts';
import {
  complete,
  enterNextStage,
  goBack,
  happening,
  requireNoRollout,
  routingOf,
} from './rollout-changes.ts';
import { planOf, type WantedRollout } from './rollout-plan.ts';

/** The stage of a rollout that was looked at; once it is past, nothing changes. */
export interface StageRef {
  readonly id: RolloutId;
  /** `Stage.number`. */
  readonly stage: number;
}

/**
 * Begins a rollout: its first stage is routed, or, without a shadow stage and with 100 as the only
 * step, it is over at once. `paused` says why it waits for somebody: until then it copies requests
 * if it begins with a shadow stage, and else takes none.
 * @throws ServingError `malformed` (the plan), `conflict` (the version isn't ready or is production,
 * another version is candidate or shadow, or a rollout is active)
 */
export function start(
  record: ModelRecord,
  started: {
    readonly id: RolloutId;
    readonly wanted: WantedRollout;
    readonly paused?: string | undefined;
    readonly traceparent?: string | undefined;
  },
  stamp: Stamp,
): ModelRecord {
  const { id, wanted, paused, traceparent } = started;
  requireNoRollout(record);
  requireReady(record, wanted.version, 'can be rolled out');
  const plan = planOf(wanted, requireRoom(record, wanted));
  const createdAt = timeOf(record, stamp);
  const stage = firstStage(plan, { startedAt: createdAt, waits: paused !== undefined });
  const begun: Rollout = {
    id,
    plan,
    startedBy: stamp.who,
    ...(traceparent !== undefined && { traceparent }),
    createdAt,
    stage,
    evidence: {},
    status: paused === undefined ? { state: 'running' } : { state: 'paused', why: paused },
  };
  if (stage.kind === 'canary' && stage.percent === 100) {
    const event = happening('rolloutStarted', begun, { why: 'started, with no step but 100 %' });
    const routed = amend(record, { rollout: begun }, event, stamp);
    return complete(routed, begun, { why: 'there was no other step' }, { stamp, step: further });
  }
  return amend(
    record,
    { rollout: begun, routing: routingOf(plan, stage) },
    happening('rolloutStarted', begun, { why: paused ?? 'started' }, stage),
    stamp,
  );
}

/** Production, when the version can be held against it and no other one is. */
function requireRoom({ model, routing }: ModelRecord, { version }: WantedRollout) {
  const { production } = routing;
  if (production === undefined || production === version) {
    throw new ServingError({
      kind: 'conflict',
      detail: `version ${version} of model ${model} ${
        production === undefined
          ? 'would replace nothing: nothing is routed'
          : 'is production already'
      }`,
    });
  }
  for (const role of ['candidate', 'shadow'] as const) {
    const other = routing[role]?.version;
    if (other === undefined || other === version) continue;
    throw new ServingError({
      kind: 'conflict',
      detail: `version ${other} of model ${model} is ${role}; clear it first: PUT /models/${model}/routing with production alone`,
    });
  }
  return production;
}

function firstStage(
  { shadow, steps }: RolloutPlan,
  { startedAt, waits }: { startedAt: string; waits: boolean },
): Stage {
  if (shadow) return { number: 0, kind: 'shadow', percent: shadow.percent, startedAt };
  return { number: 0, kind: 'canary', percent: waits ? 0 : (steps[0] ?? 100), startedAt };
}

/**
 * A stage was passed: the next one begins, or with 100 % the version is production and the rollout
 * over. One that is paused, over, or in another stage by now is left as it is.
 */
export function advance(
  record: ModelRecord,
  ref: StageRef,
  { judgement, evidence }: { readonly judgement: Judgement; readonly evidence: Evidence },
  stamp: Stamp,
): ModelRecord {
  const rollout = atStage(record, ref);
  return rollout?.status.state === 'running'
    ? enterNextStage(record, { ...rollout, judgement, evidence }, judgement, { stamp })
    : record;
}

/**
 * The version harms: production is what it was, and the rollout over, paused or not. One that is
 * over, or in another stage by now, is left as it is.
 */
export function rollBackRollout(
  record: ModelRecord,
  ref: StageRef,
  judgement: Judgement,
  stamp: Stamp,
): ModelRecord {
  const rollout = atStage(record, ref);
  if (!rollout) return record;
  const because = { ...judgement, state: 'rolledBack' } as const;
  return goBack(record, { ...rollout, judgement }, because, stamp);
}

/** Settles, once, from when on a run counts as slow (ms). No event: it changes nobody's traffic. */
export function freezeSlow(
  record: ModelRecord,
  { id }: Pick<StageRef, 'id'>,
  slowMs: number,
): ModelRecord {
  const { rollout } = record;
  return isActive(rollout) && rollout.id === id && rollout.slowMs === undefined
    ? { ...record, rollout: { ...rollout, slowMs } }
    : record;
}

function atStage({ rollout }: ModelRecord, { id, stage }: StageRef): Rollout | undefined {
  return isActive(rollout) && rollout.id === id && rollout.stage.number === stage
    ? rollout
    : undefined;
}
