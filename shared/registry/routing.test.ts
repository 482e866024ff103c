import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { ServingError } from '../errors.ts';
import type { AliasName, Fingerprint, ModelName, Version } from '../ids.ts';
import type { ModelRecord, VersionState } from './model-record.ts';
import { chooseVersion, resolveVersion, routingPoint } from './routing.ts';

const NOW = '2026-01-01T00:00:00.000Z';
const v = (n: number) => n as Version;
const canary = (percent: number) => ({
  production: v(1),
  candidate: { version: v(2), percent },
});

describe('choosing by routing', () => {
  test('nothing routed is no choice', () => {
    expect(chooseVersion({}, 0)).toBeUndefined();
  });

  test('0 % takes no key, 100 % every one', () => {
    fc.assert(
      fc.property(fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }), (point) => {
        expect(chooseVersion(canary(0), point)?.route).toBe('production');
        expect(chooseVersion(canary(100), point)).toEqual({ version: 2, route: 'candidate' });
      }),
    );
  });

  test('a growing share never takes a key back from the candidate', () => {
    fc.assert(
      fc.property(
        fc.string(),
        fc.double({ min: 0, max: 100, noNaN: true }),
        fc.double({ min: 0, max: 100, noNaN: true }),
        (key, a, b) => {
          const point = routingPoint(key, 'm');
          const [less, more] = a < b ? [a, b] : [b, a];
          const before = chooseVersion(canary(less), point)?.route;
          const after = chooseVersion(canary(more), point)?.route;
          expect(before === 'candidate' && after === 'production').toBe(false);
        },
      ),
    );
  });
});

describe('the point of a routing key', () => {
  test('lies in [0, 1) and depends on key and salt alone', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), (key, salt) => {
        const point = routingPoint(key, salt);
        expect(point).toBeGreaterThanOrEqual(0);
        expect(point).toBeLessThan(1);
        expect(routingPoint(key, salt)).toBe(point);
      }),
    );
  });

  test.each([
    ['numbers in a row', (n: number) => String(n)],
    ['user names', (n: number) => `user-${n}@example.com`],
    ['long common beginnings', (n: number) => `${'x'.repeat(200)}${n}`],
  ])('spreads %s evenly', (_, keyOf) => {
    // Chi-squared over 100 bins: mean 99, standard deviation 14; 171 is five of them above.
    const keys = 100_000;
    const bins = new Array<number>(100).fill(0);
    for (let n = 0; n < keys; n++) {
      const bin = Math.floor(routingPoint(keyOf(n), 'churn/2') * 100);
      bins[bin] = (bins[bin] ?? 0) + 1;
    }
    const expected = keys / bins.length;
    const chi2 = bins.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0);
    expect(chi2).toBeLessThan(171);
  });

  test('is another one under another salt', () => {
    const moved = Array.from({ length: 1_000 }, (_, n) => String(n)).filter(
      (key) => routingPoint(key, 'a') < 0.1 && routingPoint(key, 'b') < 0.1,
    );
    // Independent: 1 % of the keys, and 3.2 of standard deviation.
    expect(moved.length).toBeGreaterThan(0);
    expect(moved.length).toBeLessThan(26);
  });
});

describe('resolving what a path names', () => {
  const record = recordOf(
    ['ready', 'ready', 'pending', 'validating', 'rejected', 'retired'],
    { production: v(1), candidate: { version: v(2), percent: 25 } },
    { ['champion' as AliasName]: v(2) },
  );
  const kindOf = (work: () => unknown) => {
    try {
      work();
    } catch (error) {
      if (error instanceof ServingError) return error.failure.kind;
    }
    return undefined;
  };

  test('without a version the routing chooses', () => {
    expect(resolveVersion(record, undefined, 0.2)).toEqual({ version: 2, route: 'candidate' });
    expect(resolveVersion(record, undefined, 0.3)).toEqual({ version: 1, route: 'production' });
  });

  test('a number is pinned, an alias names', () => {
    expect(resolveVersion(record, v(1), 0)).toEqual({ version: 1, route: 'pinned' });
    expect(resolveVersion(record, 'champion' as AliasName, 0)).toEqual({
      version: 2,
      route: 'alias',
    });
  });

  test.each([
    [3, 'notReady'],
    [4, 'notReady'],
    [5, 'rejected'],
    [6, 'notFound'],
    [7, 'notFound'],
  ])('version %d can’t be served: %s', (version, kind) => {
    expect(kindOf(() => resolveVersion(record, v(version), 0))).toBe(kind);
  });

  test.each(['unknown', 'constructor', 'hasownproperty'])('alias %s is unknown', (alias) => {
    expect(kindOf(() => resolveVersion(record, alias as AliasName, 0))).toBe('notFound');
  });

  test('without production: not ready while one is examined, else unknown', () => {
    expect(kindOf(() => resolveVersion(recordOf(['rejected', 'pending']), undefined, 0))).toBe(
      'notReady',
    );
    expect(kindOf(() => resolveVersion(recordOf(['rejected', 'retired']), undefined, 0))).toBe(
      'notFound',
    );
  });
});

function recordOf(
  states: readonly VersionState[],
  routing: ModelRecord['routing'] = {},
  aliases: ModelRecord['aliases'] = {},
): ModelRecord {
  return {
    model: 'm' as ModelName,
    incarnation: 1,
    purges: [],
    generation: 1,
    nextVersion: states.length + 1,
    nextEvent: 1,
    routing,
    aliases,
    versions: states.map((state, n) => {
      const common = { version: v(n + 1), fingerprint: `${n}` as Fingerprint, createdAt: NOW };
      return state === 'retired' ? { ...common, state, retiredAt: NOW } : { ...common, state };
    }),
    events: [],
  };
}
