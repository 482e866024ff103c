import { expect, test } from '@jest/globals';
import type { AliasName, Fingerprint, ModelName, RolloutId, Version } from '../ids.ts';
import type { ModelEvent } from '../registry/events.ts';
import { MAX_FORMERLY } from '../registry/formerly.ts';
import { MAX_VERSIONS } from '../registry/lifecycle.ts';
import type { ModelRecord } from '../registry/model-record.ts';
import { MAX_ALIASES } from '../registry/traffic.ts';
import { MAX_KEYS } from '../registry/used-keys.ts';
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
    formerly: Array.from({ length: MAX_FORMERLY }, () => share.version),
    keys: Array.from({ length: MAX_KEYS }, () => ({
      key: 'k'.repeat(43),
      fingerprint: 'f'.repeat(43),
      at: 1e15,
      rollout: 'r'.repeat(64) as RolloutId,
    })),
    rollout: {
      id: 'r'.repeat(64) as RolloutId,
      plan: {
        version: share.version,
        from: share.version,
        steps: Array.from({ length: 21 }, (_, n) => n + 0.12345678901234567),
        minRequests: 1e9,
        minSeconds: 1e6,
        shadow: { percent: share.percent, minRequests: 1e9 },
        allowBreaking: false,
      },
      startedBy: 'w'.repeat(1_000),
      createdAt: at,
      stage: { number: 20, kind: 'canary', percent: share.percent, startedAt: at },
      evidence: Object.fromEntries(
        Array.from({ length: 16 }, (_, n) => [
          `metric ${n}`,
          Array.from({ length: 64 }, () => -12.345678901234567),
        ]),
      ),
      slowMs: 12.345678901234567,
      judgement: {
        at,
        decision: 'advance',
        why: 'ä'.repeat(2_000),
        figures: Object.fromEntries(
          Array.from({ length: 100 }, (_, n) => [`figure ${n}`, 'x'.repeat(100)]),
        ),
      },
      status: { state: 'paused', why: 'ä'.repeat(2_000) },
    },
  });
  expect(Buffer.byteLength(JSON.stringify(document))).toBeLessThan(MAX_DOCUMENT_BYTES);
});
