import { setTimeout as sleep } from 'node:timers/promises';
import { ServingError } from '../errors.ts';
import type { ModelName } from '../ids.ts';
import type { Clock, Stored } from '../ports/clock.ts';
import type { RegistryStore } from '../ports/registry.ts';
import type { ModelEvent } from '../registry/events.ts';
import type { ModelRecord } from '../registry/model-record.ts';
import { METRICS } from '../telemetry/metric-names.ts';
import type { Telemetry } from './telemetry.ts';

export interface RegistryDeps {
  readonly registry: RegistryStore;
  readonly clock: Clock;
  /** How to wait after the `attempt`th lost race (1, 2, …); jittered and growing by default. */
  readonly backOff?: (attempt: number) => Promise<unknown>;
  /** Absent: nobody is told. */
  readonly telemetry?: Pick<Telemetry, 'count' | 'begin' | 'end'>;
}

/** What metrics call the events of rollouts. */
const ROLLOUT_OUTCOMES: Readonly<Partial<Record<ModelEvent['type'], string>>> = {
  rolloutStarted: 'started',
  rolloutAdvanced: 'advanced',
  rolloutPaused: 'paused',
  rolloutResumed: 'resumed',
  rolloutCompleted: 'completed',
  rolloutAborted: 'aborted',
  rolledBack: 'rolledBack',
};

/** Races a writer may lose before it gives up; a hundred writers at once all get through. */
const MAX_ATTEMPTS = 40;
const FIRST_PAUSE_MS = 50;
const MAX_PAUSE_MS = 2_000;

/**
 * The one way a model's record is written: read, let `transition` say what it becomes, copy out the
 * events and the rollout that it drops, replace it if nobody else has. A lost race begins again with
 * what the winner wrote, so `transition` must change nothing; what it reads besides must never change
 * once it stands. The very record it was given means that there is nothing to write.
 * @returns what `transition` answered for the record that stands
 * @throws ServingError `unavailable` after too many lost races, and what `transition` throws
 */
export async function changeModel<T extends { readonly record: ModelRecord | undefined }>(
  deps: RegistryDeps,
  model: ModelName,
  transition: (record: ModelRecord | undefined, now: number) => T | Promise<T>,
): Promise<T> {
  for (let attempt = 1; attempt <= MAX_ATTEMPTS; attempt++) {
    const stored = await deps.registry.readModel(model);
    const result = await transition(stored?.value, deps.clock());
    if (result.record === stored?.value || !result.record) return result;
    if (await write(deps.registry, stored, result.record)) {
      countEvents(deps, stored?.value, result.record);
      return result;
    }
    await (deps.backOff ?? pause)(attempt);
  }
  throw new ServingError({
    kind: 'unavailable',
    detail: `model ${model}: ${MAX_ATTEMPTS} attempts to write it lost to other writers; try again`,
    retryAfterSeconds: 2,
  });
}

async function write(
  registry: RegistryStore,
  before: Stored<ModelRecord> | undefined,
  after: ModelRecord,
): Promise<boolean> {
  if (!before) return (await registry.createModel(after)) !== undefined;
  // An event, or a rollout that ended, must stand in a document of its own before the record that
  // holds it is replaced: so whenever this stops, each stands in one of the two places.
  const { rollout } = before.value;
  if (rollout && rollout.id !== after.rollout?.id) {
    await registry.createRollout(after.model, rollout);
  }
  for (const event of before.value.events) {
    if (!after.events.includes(event)) await registry.createEvent(after.model, event);
  }
  return (await registry.replaceModel(after, before.etag)) !== undefined;
}

/** Each event is made true by one write, and counted by who made it. */
function countEvents(
  { telemetry }: RegistryDeps,
  before: ModelRecord | undefined,
  { model, events }: ModelRecord,
): void {
  for (const event of events) {
    if (before?.events.includes(event)) continue;
    const { type } = event;
    if (type === 'ready' || type === 'rejected') {
      telemetry?.count(METRICS.registrations, { model, outcome: type });
    }
    const outcome = ROLLOUT_OUTCOMES[type];
    if (outcome !== undefined) telemetry?.count(METRICS.rollouts, { model, outcome });
  }
}

/** Full jitter: writers that lost to the same winner don't meet again. */
async function pause(attempt: number): Promise<void> {
  const most = Math.min(MAX_PAUSE_MS, FIRST_PAUSE_MS * 2 ** (attempt - 1));
  await sleep(Math.random() * most);
}
