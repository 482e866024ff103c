import { ServingError } from '../errors.ts';
import type { Version } from '../ids.ts';
import { amend, further, type Stamp } from './amend.ts';
import { findEntry } from './lookup.ts';
import type { ModelRecord } from './model-record.ts';
import { endRollout } from './rollout-changes.ts';

/**
 * Takes production back to the latest one before it that is still ready: after 1, 2, 3 to 2, then to
 * 1, never forth. Candidate and shadow go, and a rollout that runs or is paused is aborted; where
 * there was no other production before, that is all there is to take back.
 * @throws ServingError `conflict`: nothing to go back to
 */
export function takeBack(record: ModelRecord, why: string | undefined, stamp: Stamp): ModelRecord {
  const { production } = record.routing;
  const formerly = [...(record.formerly ?? [])];
  let target = formerly.pop();
  while (target !== undefined && !canReturn(record, target)) target = formerly.pop();

  const because = { why: why ?? `rolled back by ${stamp.who}` };
  const ended = endRollout(record, because, stamp);
  if (target !== undefined) {
    const figures = { production: String(target), from: String(production) };
    return (ended === record ? amend : further)(
      ended,
      { routing: { production: target }, formerly },
      { type: 'rolledBack', ...because, figures },
      stamp,
    );
  }
  if (ended !== record) return ended;
  throw new ServingError({
    kind: 'conflict',
    detail: `model ${record.model} can't be rolled back: ${
      production === undefined
        ? 'nothing is routed'
        : `no version that was production before ${production} is still ready`
    }`,
  });
}

/** Whether it can be served, and isn't what stands. */
function canReturn(record: ModelRecord, version: Version): boolean {
  return record.routing.production !== version && findEntry(record, version)?.state === 'ready';
}
