/** A loaded model, as the cache's budget sees it. */
export interface Resident {
  readonly bytes: number;
  /** Requests that wait for it or run on it. */
  readonly references: number;
  /** Larger is later. */
  readonly lastUsed: number;
}

/**
 * Which residents must go so that `needed` more bytes fit the budget: the least recently used that
 * nobody is using. undefined when even all of those would not make room.
 */
export function chooseEvictions<R extends Resident>(
  residents: Iterable<R>,
  needed: number,
  budgetBytes: number,
): R[] | undefined {
  const all = [...residents];
  let excess = all.reduce((sum, { bytes }) => sum + bytes, needed) - budgetBytes;
  const evicted: R[] = [];
  for (const resident of all
    .filter((r) => r.references === 0)
    .sort((a, b) => a.lastUsed - b.lastUsed)) {
    if (excess <= 0) break;
    evicted.push(resident);
    excess -= resident.bytes;
  }
  return excess <= 0 ? evicted : undefined;
}
