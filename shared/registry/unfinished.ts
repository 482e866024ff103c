import type { ModelRecord } from './model-record.ts';

/** Since when the oldest undecided version waits, ms since the epoch; undefined: all are decided. */
export function pendingSince(record: ModelRecord): number | undefined {
  // Versions are in the order of their registration.
  const oldest = record.versions.find(({ state }) => state === 'pending' || state === 'validating');
  return oldest && Date.parse(oldest.createdAt);
}

/** Whether artifacts of an earlier life are still to be removed. */
export function owesPurge(record: ModelRecord): boolean {
  return record.purges.length > 0;
}
