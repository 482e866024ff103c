import { describe, expect, test } from '@jest/globals';
import { parseAliasName, parseModelName, parseVersion, parseVersionOrAlias } from './ids.ts';

describe('model names', () => {
  test.each(['a', '0', 'churn-gbt.v2_final', 'x'.repeat(128)])('%s is one', (name) => {
    expect(parseModelName(name)).toBe(name);
  });
  test.each(['', 'stats', 'Churn', '-a', '.', 'a/b', 'a b', 'x'.repeat(129), 'ä'])(
    '%j is none',
    (name) => {
      expect(() => parseModelName(name)).toThrow(/model name: expected 1 to 128 .* got/);
    },
  );
});

describe('versions and aliases', () => {
  test('a version is a positive integer without leading zeros', () => {
    expect(parseVersion('12')).toBe(12);
    for (const bad of ['0', '01', '-1', '1.5', '1e3', '', '9'.repeat(16)]) {
      expect(() => parseVersion(bad)).toThrow(/expected a positive integer/);
    }
  });
  test('an alias begins with a letter, so the two never clash', () => {
    expect(parseVersionOrAlias('7')).toBe(7);
    expect(parseVersionOrAlias('champion')).toBe('champion');
    for (const bad of ['A', '-a', 'a_b', '', 'x'.repeat(64)]) {
      expect(() => parseAliasName(bad)).toThrow(/alias: expected/);
    }
  });
});
