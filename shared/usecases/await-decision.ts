import { setTimeout as sleep } from 'node:timers/promises';
import type { ModelName, Version } from '../ids.ts';
import { type RegistryDeps, readVersion, type VersionView } from './version-lifecycle.ts';

const POLL_MS = 100;

/**
 * Waits up to `waitMs` until a version is decided; as it then stands, undefined when it is gone.
 * Zero asks once.
 */
export async function awaitDecision(
  deps: RegistryDeps,
  { model, version }: { model: ModelName; version: Version },
  waitMs: number,
): Promise<VersionView | undefined> {
  const deadline = deps.clock() + waitMs;
  for (;;) {
    const view = await readVersion(deps, model, version);
    const open = view?.entry.state === 'pending' || view?.entry.state === 'validating';
    const left = deadline - deps.clock();
    if (!open || left <= 0) return view;
    await sleep(Math.min(POLL_MS, left));
  }
}
