import { describe, expect, test } from '@jest/globals';
import { recordOf } from '../../test/rollout-records.ts';
import { findKey, MAX_KEYS, withKey } from './used-keys.ts';

const NOON = Date.parse('2026-01-01T12:00:00Z');

describe('used keys', () => {
  const key = (n: number, when: number) => ({ key: `k${n}`, fingerprint: 'f', at: when });

  test('are known for a day', () => {
    const record = withKey(recordOf(), key(1, NOON));
    const day = 86_400_000;
    expect(findKey(record, 'k1', NOON + day - 1)).toEqual(key(1, NOON));
    expect(findKey(record, 'k1', NOON + day)).toBeUndefined();
    expect(findKey(record, 'k2', NOON)).toBeUndefined();
    expect(withKey(record, key(2, NOON + day)).keys).toEqual([key(2, NOON + day)]);
  });

  test('are bounded', () => {
    let record = recordOf();
    for (let n = 0; n < MAX_KEYS + 5; n++) record = withKey(record, key(n, NOON + n));
    expect(record.keys).toHaveLength(MAX_KEYS);
    expect(record.keys?.at(-1)?.key).toBe(`k${MAX_KEYS + 4}`);
  });
});
