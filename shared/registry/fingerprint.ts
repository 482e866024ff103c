import { createHash } from 'node:crypto';
import type { Digest, Fingerprint } from '../ids.ts';
import { canonicalJson } from './canonical-json.ts';
import type { Card } from './card.ts';

/** What makes two registrations of a model the same version: bytes, card and evaluation. */
export function fingerprintOf(submitted: {
  digest: Digest;
  card: Card;
  evaluation?: { digest: Digest } | undefined;
}): Fingerprint {
  const { digest, card, evaluation } = submitted;
  const parts = [digest, canonicalJson(card, 'card'), evaluation?.digest ?? 'none'];
  return createHash('sha256').update(parts.join('\n')).digest('base64url') as Fingerprint;
}
