import type { ModelEvent } from './events.ts';
import type { ModelRecord } from './model-record.ts';

/** When a change is made (ms since the epoch), and by whom. */
export interface Stamp {
  readonly now: number;
  readonly who: string;
}

/** What an event says of its own; the rest follows from the record it belongs to. */
export interface Happening {
  readonly type: ModelEvent['type'];
  readonly why: string;
  readonly figures: Readonly<Record<string, number | string>>;
}

/** Longest `why` of an event, in characters: events travel with the record that they describe. */
const MAX_WHY = 500;

/** What a step may change, beside its event. */
type Changes = Partial<
  Pick<
    ModelRecord,
    'routing' | 'aliases' | 'versions' | 'nextVersion' | 'purges' | 'formerly' | 'rollout'
  >
>;

/**
 * One step of a record's life: `changes` become true and one event says so. Steps of the same write
 * are chained with `further`, which keeps the events of the steps before it.
 */
export function amend(
  record: ModelRecord,
  changes: Changes,
  happening: Happening,
  stamp: Stamp,
): ModelRecord {
  return step(record, changes, { happening, stamp, kept: [] });
}

/** A second step of the same write as the `amend` before it. */
export function further(
  record: ModelRecord,
  changes: Changes,
  happening: Happening,
  stamp: Stamp,
): ModelRecord {
  return step(record, changes, { happening, stamp, kept: record.events });
}

function step(
  record: ModelRecord,
  changes: Changes,
  { happening, stamp, kept }: { happening: Happening; stamp: Stamp; kept: readonly ModelEvent[] },
): ModelRecord {
  const changed = { ...record, ...changes };
  const event: ModelEvent = {
    seq: record.nextEvent,
    at: timeOf(record, stamp),
    who: stamp.who,
    type: happening.type,
    why: happening.why.slice(0, MAX_WHY),
    figures: happening.figures,
    routing: changed.routing,
    aliases: changed.aliases,
  };
  return {
    ...changed,
    // What is routed, named or rolled out is what a caller's If-Match is about.
    generation:
      changed.routing === record.routing &&
      changed.aliases === record.aliases &&
      changed.rollout === record.rollout
        ? record.generation
        : record.generation + 1,
    nextEvent: record.nextEvent + 1,
    events: [...kept, event],
  };
}

/** When a change of a record is made, RFC 3339. Clocks of instances differ; a history doesn't go back. */
export function timeOf({ events }: Pick<ModelRecord, 'events'>, { now }: Stamp): string {
  const last = events.at(-1)?.at;
  const at = new Date(now).toISOString();
  return last !== undefined && last > at ? last : at;
}
