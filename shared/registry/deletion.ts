import { ServingError } from '../errors.ts';
import { amend, further, type Stamp } from './amend.ts';
import type { ModelRecord } from './model-record.ts';
import { endRollout } from './rollout-changes.ts';

/**
 * Ends the life of a model: what is left is a tombstone that keeps the counters and owes the removal
 * of its artifacts, and the last rollout, which an active one ended as aborted. A tombstone is left as
 * it is.
 * @throws ServingError `conflict` while something is routed and `force` isn't given
 */
export function bury(record: ModelRecord, force: boolean, stamp: Stamp): ModelRecord {
  if (record.deleted) return record;
  const { production } = record.routing;
  if (production !== undefined && !force) {
    throw new ServingError({
      kind: 'conflict',
      detail: `model ${record.model} can't be deleted: version ${production} takes its traffic; DELETE with ?force=true deletes it nevertheless`,
    });
  }
  const { formerly, keys, ...rest } = endRollout(record, { why: 'the model is deleted' }, stamp);
  // The generation grows even when nothing was routed: no ETag of this life fits the next.
  const tombstone = (rest.rollout === record.rollout ? amend : further)(
    rest,
    { routing: {}, aliases: {}, versions: [], purges: [...record.purges, record.incarnation] },
    {
      type: 'deleted',
      why: production === undefined ? 'deleted' : 'deleted by force',
      figures: { versions: record.versions.length },
    },
    stamp,
  );
  return {
    ...tombstone,
    incarnation: record.incarnation + 1,
    deleted: { at: new Date(stamp.now).toISOString() },
  };
}

/** The artifacts of an earlier incarnation are owed removal. */
export function owePurge(record: ModelRecord, incarnation: number): ModelRecord {
  return incarnation >= record.incarnation || record.purges.includes(incarnation)
    ? record
    : { ...record, purges: [...record.purges, incarnation] };
}

/** The artifacts of an earlier incarnation are gone. */
export function settlePurge(record: ModelRecord, incarnation: number): ModelRecord {
  return record.purges.includes(incarnation)
    ? { ...record, purges: record.purges.filter((owed) => owed !== incarnation) }
    : record;
}
