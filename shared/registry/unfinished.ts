import type { ModelRecord } from './model-record.ts';

/** Since when the oldest undecided version waits, ms since the epoch; undefined: all are decided. */
export function pendingSince(record: ModelRecord): number | undefined {
  let oldest: number | undefined;
  for (const { state, createdAt } of record.versions) {
    if (state !== 'pending' && state !== 'validating') continue;
    oldest = Math.min(oldest ?? Infinity, Date.parse(createdAt));
  }
  return oldest;
}

/** Whether artifacts of an earlier life are still to be removed. */
export function owesPurge(record: ModelRecord): boolean {
  return record.purges.length > 0;
}
