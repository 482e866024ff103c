/** A loaded model, as the cache's budget sees it. */
export interface Resident {
  readonly bytes: number;
  /** Requests that wait for it or run on it. */
  readonly references: number;
  /** What it is worth to keep, as `creditOf` gave it at its last use. */
  readonly credit: number;
}

/**
 * What a model is worth to keep when it is used: what loading it again would cost for each byte
 * that it takes, on top of what the last evicted model was worth, so that worth fades while a model
 * isn't used. GreedyDual-Size (Cao and Irani, "Cost-aware WWW proxy caching algorithms", 1997).
 */
export function creditOf(
  { loadMs, bytes }: { readonly loadMs: number; readonly bytes: number },
  lastEvictedCredit: number,
): number {
  return lastEvictedCredit + loadMs / Math.max(1, bytes);
}

/**
 * Which residents must go so that `needed` more bytes fit the budget: those of the least credit
 * that nobody is using; the longest unused of equals. undefined when even all of those would not
 * make room. `residents` come least recently used first.
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
    .filter(({ references }) => references === 0)
    .sort((a, b) => a.credit - b.credit)) {
    if (excess <= 0) break;
    evicted.push(resident);
    excess -= resident.bytes;
  }
  return excess <= 0 ? evicted : undefined;
}
