import { dropIdOf, dropPlaceOf } from '../drops/drop-place.ts';
import type { SeenDrops } from '../drops/seen-drops.ts';
import { messageOf } from '../errors.ts';
import type { ModelName } from '../ids.ts';
import { isPassing } from './settle-drops.ts';
import { type DropSighting, refuseDrop, type TakeDropDeps, takeDrop } from './take-drop.ts';

/** Events are late at times: younger blobs are left to theirs. */
const MIN_AGE_MS = 60_000;
/** A blob that can't be taken for so long, and not because something is down, never will be. */
const GIVE_UP_AFTER_MS = 24 * 3_600_000;
/** Models taken in one sweep: each is read twice. */
const MAX_TAKEN = 20;

export interface SweptDrops {
  /** Paths of blobs that no event had told of. */
  readonly taken: readonly string[];
  readonly failures: readonly unknown[];
}

/**
 * Looks through the container for dropped models whose event never came. What `seen` remembers
 * costs nothing, anything else one read of the registry.
 * @throws ServingError `unavailable`: nothing can be done at the moment
 */
export async function sweepDrops(
  deps: TakeDropDeps & { readonly seenDrops: SeenDrops },
  parseCard: DropSighting['parseCard'],
): Promise<SweptDrops> {
  const taken: string[] = [];
  const failures: unknown[] = [];
  const look = deps.seenDrops.look();
  const now = deps.clock();
  for await (const blob of deps.dropped.list()) {
    const { path, etag, writtenAt } = blob;
    const id = dropIdOf(blob);
    if (look.knows(id) || now - writtenAt < MIN_AGE_MS) continue;
    try {
      const known = await isKnown(deps, blob);
      if (!known && taken.length + failures.length >= MAX_TAKEN) continue;
      if (!known) {
        const status = await takeDrop(deps, { path, etag, parseCard });
        if (status) taken.push(path);
      }
      look.remember(id);
    } catch (error) {
      if (isPassing(error)) throw error;
      failures.push(error);
      if (now - writtenAt > GIVE_UP_AFTER_MS) {
        await refuseDrop(deps, blob, `it could not be taken for a day: ${messageOf(error)}`);
      }
    }
  }
  look.end();
  return { taken, failures };
}

/** Whether a receipt of it stands; a path that names no model never has one. */
async function isKnown(
  { registry }: TakeDropDeps,
  blob: Parameters<typeof dropIdOf>[0],
): Promise<boolean> {
  let model: ModelName;
  try {
    ({ model } = dropPlaceOf(blob.path));
  } catch {
    return false;
  }
  return (await registry.readDrop(model, dropIdOf(blob))) !== undefined;
}
