import { ServingError } from '../errors.ts';
import { isActive, type Rollout } from '../rollout/rollout.ts';
import { amend, further, type Stamp } from './amend.ts';
import type { ModelRecord } from './model-record.ts';
import { complete, enterNextStage, goBack, happening } from './rollout-changes.ts';

/** What people may do with a rollout. */
export type RolloutCommand = 'pause' | 'resume' | 'promote' | 'abort';

/**
 * Does what somebody asked of `rollout`, the record's own and active; what is so already is no
 * change. `why` is theirs.
 */
export function command(
  record: ModelRecord,
  rollout: Rollout,
  asked: { readonly command: RolloutCommand; readonly why?: string | undefined },
  stamp: Stamp,
): ModelRecord {
  const { why } = asked;
  switch (asked.command) {
    case 'pause':
      return pause(record, rollout, why ?? `paused by ${stamp.who}`, stamp);
    case 'resume':
      return resume(record, rollout, why ?? `resumed by ${stamp.who}`, stamp);
    case 'promote':
      return complete(record, rollout, { why: why ?? `promoted by ${stamp.who}` }, { stamp });
    case 'abort':
      return goBack(
        record,
        rollout,
        { state: 'aborted', why: why ?? `aborted by ${stamp.who}` },
        stamp,
      );
  }
}

/** @throws ServingError `conflict` for a rollout that is over; says how it ended */
export function requireActive(model: string, rollout: Rollout): void {
  if (isActive(rollout)) return;
  const { id, status } = rollout;
  throw new ServingError({
    kind: 'conflict',
    detail: `rollout ${id} of model ${model} is ${status.state}${'why' in status ? ` (${status.why})` : ''}; only one that is running or paused can be changed`,
  });
}

function pause(record: ModelRecord, rollout: Rollout, why: string, stamp: Stamp): ModelRecord {
  if (rollout.status.state === 'paused') return record;
  const paused: Rollout = { ...rollout, status: { state: 'paused', why } };
  return amend(record, { rollout: paused }, happening('rolloutPaused', paused, { why }), stamp);
}

/** One that waited before its first step takes it now: with no traffic it would never pass. */
function resume(record: ModelRecord, rollout: Rollout, why: string, stamp: Stamp): ModelRecord {
  if (rollout.status.state === 'running') return record;
  const running: Rollout = { ...rollout, status: { state: 'running' } };
  const event = happening('rolloutResumed', running, { why });
  const resumed = amend(record, { rollout: running }, event, stamp);
  return running.stage.percent === 0
    ? enterNextStage(
        resumed,
        running,
        { why: 'it waited before its first step' },
        { stamp, step: further },
      )
    : resumed;
}
