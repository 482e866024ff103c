import { ServingError } from '../shared/errors.ts';
import type { Fingerprint, ModelName, RolloutId, Version } from '../shared/ids.ts';
import type { Stamp } from '../shared/registry/amend.ts';
import type { ModelRecord, Routing } from '../shared/registry/model-record.ts';
import { command, type RolloutCommand } from '../shared/registry/rollout-commands.ts';
import type { WantedRollout } from '../shared/registry/rollout-plan.ts';
import { start } from '../shared/registry/rollouts.ts';
import { isActive, type Rollout } from '../shared/rollout/rollout.ts';

// Records of a model in the middle of its life, for tests of what may become of them.

export const v = (n: number) => n as Version;
export const ROLLOUT = 'r1' as RolloutId;
const NOON = Date.parse('2026-01-01T12:00:00Z');
export const stamp = (seconds = 0): Stamp => ({ now: NOON + seconds * 1000, who: 'somebody' });
/** The instant of `stamp`. */
export const at = (seconds: number) => new Date(NOON + seconds * 1000).toISOString();

/** Three versions that are ready and one that isn't, after nine events. */
export function recordOf(routing: Routing = { production: v(1) }): ModelRecord {
  return {
    model: 'm' as ModelName,
    incarnation: 1,
    purges: [],
    generation: 4,
    nextVersion: 5,
    nextEvent: 10,
    routing,
    aliases: {},
    versions: [1, 2, 3, 4].map((n) => ({
      version: v(n),
      fingerprint: `f${n}` as Fingerprint,
      createdAt: at(-100),
      state: n === 4 ? 'pending' : 'ready',
    })),
    events: [],
  };
}

export function started(wanted: Partial<WantedRollout>, seconds = 0): ModelRecord {
  return start(recordOf(), { id: ROLLOUT, wanted: { version: v(2), ...wanted } }, stamp(seconds));
}

export function active({ rollout }: ModelRecord): Rollout {
  if (isActive(rollout)) return rollout;
  throw new Error('no active rollout');
}

export function asked(record: ModelRecord, wanted: RolloutCommand, seconds = 0): ModelRecord {
  return command(record, active(record), { command: wanted }, stamp(seconds));
}

export function told({ events }: ModelRecord): unknown[] {
  return events.map(({ type, figures }) => [type, figures]);
}

export function failureOf(work: () => unknown): string | undefined {
  try {
    work();
  } catch (error) {
    if (error instanceof ServingError) return `${error.failure.kind}: ${error.message}`;
    throw error;
  }
  return undefined;
}
