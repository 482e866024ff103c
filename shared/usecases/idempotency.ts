import { createHash } from 'node:crypto';
import { ServingError } from '../errors.ts';
import { quoted } from '../ids.ts';
import { canonicalJson } from '../registry/canonical-json.ts';
import type { ModelRecord, UsedKey } from '../registry/model-record.ts';
import { findKey } from '../registry/used-keys.ts';

/** An Idempotency-Key as a model's record knows it, and as its caller does. */
export interface Claim extends Pick<UsedKey, 'key' | 'fingerprint'> {
  readonly given: string;
}

/** `path` says what was asked for, `body` with which words. @throws ServingError `malformed` */
export function claimOf(
  given: string,
  { who, path, body }: { who: string; path: string; body: unknown },
): Claim {
  return {
    given,
    key: hashOf([given, who, path]),
    fingerprint: hashOf([canonicalJson(body, 'body')]),
  };
}

/** What came of the same key before; undefined: nothing. @throws ServingError `conflict` (another body) */
export function usedBefore(record: ModelRecord, claim: Claim, now: number): UsedKey | undefined {
  const used = findKey(record, claim.key, now);
  if (!used || used.fingerprint === claim.fingerprint) return used;
  throw new ServingError({
    kind: 'conflict',
    detail: `Idempotency-Key ${quoted(claim.given)}: came with another body before`,
  });
}

function hashOf(parts: readonly string[]): string {
  return createHash('sha256').update(JSON.stringify(parts)).digest('base64url');
}
