import type { ModelRecord, UsedKey } from './model-record.ts';

/** The same Idempotency-Key answers as before for this long. */
const KEY_TTL_MS = 86_400_000;
/** So many are kept of a model at most, the latest ones. */
export const MAX_KEYS = 100;

/** What a key stood for within the last day. */
export function findKey(
  { keys = [] }: Pick<ModelRecord, 'keys'>,
  key: string,
  now: number,
): UsedKey | undefined {
  return keys.find((used) => used.key === key && used.at > now - KEY_TTL_MS);
}

/** The record with a key that was used just now, and without those that are old. */
export function withKey(record: ModelRecord, used: UsedKey): ModelRecord {
  const kept = (record.keys ?? []).filter(({ at }) => at > used.at - KEY_TTL_MS);
  return { ...record, keys: [...kept, used].slice(-MAX_KEYS) };
}
