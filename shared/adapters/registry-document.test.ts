import { expect, test } from '@jest/globals';
import type { AliasName, Fingerprint, ModelName, Version } from '../ids.ts';
import type { ModelEvent } from '../registry/events.ts';
import { MAX_VERSIONS } from '../registry/lifecycle.ts';
import type { ModelRecord } from '../registry/model-record.ts';
import { MAX_ALIASES } from '../registry/traffic.ts';
import { MAX_DOCUMENT_BYTES } from './document-limits.ts';
import { modelDocument } from './registry-document.ts';

// The limits of the rules and of the store are in different files; here they meet.
test('the largest record that the rules allow can be stored', () => {
  const at = new Date(0).toISOString();
  const aliases = Object.fromEntries(
    Array.from({ length: MAX_ALIASES }, (_, n) => [
      `a${String(n).padStart(62, '-')}` as AliasName,
      999_999_999_999_999 as Version,
    ]),
  ) as ModelRecord['aliases'];
  const share = { version: 999_999_999_999_999 as Version, percent: 12.345678901234567 };
  const routing = { production: share.version, candidate: share, shadow: share };
  const event: ModelEvent = {
    seq: 999_999_999_999,
    at,
    who: 'w'.repeat(1_000),
    type: 'registered',
    why: 'ä'.repeat(500),
    figures: { version: '999999999999999', digest: 'd'.repeat(64) },
    routing,
    aliases,
  };
  const document = modelDocument({
    model: 'm'.repeat(128) as ModelName,
    incarnation: 1_000_000,
    purges: Array.from({ length: 1_000 }, (_, n) => n),
    generation: 1e15,
    nextVersion: 1e15,
    nextEvent: 1e12,
    routing,
    aliases,
    versions: Array.from({ length: MAX_VERSIONS }, () => ({
      version: 999_999_999_999_999 as Version,
      fingerprint: 'f'.repeat(43) as Fingerprint,
      createdAt: at,
      state: 'retired',
      retiredAt: at,
    })),
    events: [event, event],
  });
  expect(Buffer.byteLength(JSON.stringify(document))).toBeLessThan(MAX_DOCUMENT_BYTES);
});
