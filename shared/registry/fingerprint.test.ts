import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { Digest } from '../ids.ts';
import { canonicalJson } from './canonical-json.ts';
import type { Card } from './card.ts';
import { fingerprintOf } from './fingerprint.ts';

const digest = 'a'.repeat(64) as Digest;
const other = 'b'.repeat(64) as Digest;

describe('fingerprint', () => {
  test('depends on bytes, card and evaluation', () => {
    const all = [
      fingerprintOf({ digest, card: {} }),
      fingerprintOf({ digest: other, card: {} }),
      fingerprintOf({ digest, card: { owner: 'x' } }),
      fingerprintOf({ digest, card: { owner: 'y' } }),
      fingerprintOf({ digest, card: {}, evaluation: { digest } }),
      fingerprintOf({ digest, card: {}, evaluation: { digest: other } }),
    ];
    expect(new Set(all).size).toBe(all.length);
    for (const one of all) expect(one).toMatch(/^[A-Za-z0-9_-]{43}$/);
  });

  test('does not depend on the order of members', () => {
    const card: Card = { owner: 'x', task: 'regression', budgets: { p95Ms: 1, bytes: 2 } };
    const turned: Card = { budgets: { bytes: 2, p95Ms: 1 }, task: 'regression', owner: 'x' };
    expect(fingerprintOf({ digest, card: turned })).toBe(fingerprintOf({ digest, card }));
  });
});

describe('canonical JSON', () => {
  test('is JSON of the same value', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const text = canonicalJson(value, 'value');
        expect(JSON.stringify(JSON.parse(text))).toBe(
          JSON.stringify(JSON.parse(canonicalJson(JSON.parse(text), 'value'))),
        );
        expect(JSON.parse(text)).toEqual(JSON.parse(JSON.stringify(value)));
      }),
    );
  });

  test('refuses what is nested too deeply instead of running out of stack', () => {
    const nested = JSON.parse(`${'['.repeat(100_000)}${']'.repeat(100_000)}`) as unknown;
    expect(() => canonicalJson(nested, 'card')).toThrow('card: expected JSON nested at most 100');
  });
});
