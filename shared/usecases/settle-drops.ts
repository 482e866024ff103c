import type { Drop, DropStatus } from '../drops/drop.ts';
import { type FailureKind, messageOf, ServingError } from '../errors.ts';
import type { ModelName } from '../ids.ts';
import { type AdvanceDropDeps, advanceDrop } from './advance-drop.ts';

/** Drops looked at in one go. */
const MAX_DROPS = 500;
/** What fails in a way that waiting doesn't mend is tried for so long after it was taken. */
const GIVE_UP_AFTER_MS = 24 * 3_600_000;
/** Nobody's fault but the moment's: everything else would fail as well. */
const PASSING: ReadonlySet<FailureKind> = new Set(['unavailable', 'overloaded', 'notReady']);

export interface Settled {
  /** That have come to their end. */
  readonly ended: readonly { readonly path: string; readonly status: DropStatus }[];
  /** What went wrong with single drops; they are tried again, but not for ever. */
  readonly failures: readonly unknown[];
}

/**
 * Takes every drop that isn't settled as far as it goes now, the oldest first; of one model, or of
 * all. @throws ServingError `unavailable`: nothing can be done at the moment
 */
export async function settleDrops(
  deps: AdvanceDropDeps,
  { model }: { readonly model?: ModelName } = {},
): Promise<Settled> {
  const drops = await deps.registry.listUnsettledDrops({
    ...(model && { model }),
    limit: MAX_DROPS,
  });
  const ended: Settled['ended'][number][] = [];
  const failures: unknown[] = [];
  for (const drop of drops.sort((a, b) => (a.takenAt < b.takenAt ? -1 : 1))) {
    try {
      const status = await advanceDrop(deps, drop);
      if (status.state === 'settled') ended.push({ path: drop.path, status });
    } catch (error) {
      if (isPassing(error)) throw error;
      failures.push(error);
      if (deps.clock() - Date.parse(drop.takenAt) > GIVE_UP_AFTER_MS) {
        await giveUp(deps, drop, messageOf(error));
      }
    }
  }
  return { ended, failures };
}

export function isPassing(error: unknown): boolean {
  return error instanceof ServingError && PASSING.has(error.failure.kind);
}

/** Settles what can't be settled as it should, unless somebody has changed it meanwhile. */
async function giveUp(deps: AdvanceDropDeps, { model, id }: Drop, why: string): Promise<void> {
  const stored = await deps.registry.readDrop(model, id);
  if (!stored) return;
  const { status } = stored.value;
  const next: DropStatus =
    status.state === 'taken' || status.state === 'registered'
      ? {
          ...('version' in status && { version: status.version }),
          state: 'decided',
          decidedAt: new Date(deps.clock()).toISOString(),
          outcome: status.state === 'taken' ? 'refused' : 'held',
          reasons: [`given up after a day: ${why}`],
        }
      : { ...status, state: 'settled' };
  await deps.registry.replaceDrop({ ...stored.value, status: next }, stored.etag);
}
