import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import {
  failureOf,
  ROLLOUT,
  recordOf,
  stamp,
  started,
  told,
  v,
} from '../../test/rollout-records.ts';
import { ServingError } from '../errors.ts';
import { MAX_FORMERLY } from './formerly.ts';
import { retire } from './lifecycle.ts';
import type { ModelRecord } from './model-record.ts';
import { takeBack } from './rollback.ts';
import { start } from './rollouts.ts';
import { route } from './traffic.ts';

describe('rolling back', () => {
  const moved = (...versions: number[]) =>
    versions.reduce((r, n) => route(r, { production: v(n) }, stamp()), recordOf());
  const back = (record: ModelRecord) => takeBack(record, undefined, stamp());

  test('goes to the production before, then to the one before that, never forth', () => {
    const once = back(moved(2, 3));
    expect([once.routing, once.formerly]).toEqual([{ production: 2 }, [1]]);
    expect(told(once)).toEqual([['rolledBack', { production: '2', from: '3' }]]);
    const twice = back(once);
    expect([twice.routing, twice.formerly]).toEqual([{ production: 1 }, []]);
    expect(failureOf(() => back(twice))).toBe(
      "conflict: model m can't be rolled back: no version that was production before 1 is still ready",
    );
  });

  test('skips what is retired and what stands', () => {
    const record = retire(moved(2, 3), v(2), stamp());
    expect(back(record)).toMatchObject({ routing: { production: 1 }, formerly: [] });
    const round = retire(moved(2, 1), v(2), stamp());
    expect(failureOf(() => back(round))).toMatch(/^conflict/);
  });

  test('clears candidate and shadow', () => {
    const routing = {
      production: v(2),
      candidate: { version: v(1), percent: 5 },
      shadow: { version: v(3), percent: 5 },
    };
    expect(back(route(recordOf(), routing, stamp())).routing).toEqual({ production: 1 });
  });

  test('aborts a rollout in the same write', () => {
    const before = start(moved(2), { id: ROLLOUT, wanted: { version: v(3) } }, stamp());
    const record = back(before);
    expect(record.routing).toEqual({ production: 1 });
    expect(record.rollout?.status).toMatchObject({ state: 'aborted' });
    expect(record.events.map(({ type, routing }) => [type, routing])).toEqual([
      ['rolloutAborted', { production: 2 }],
      ['rolledBack', { production: 1 }],
    ]);
  });

  test('is the abort alone where there was no other production', () => {
    const record = back(started({}));
    expect(record.routing).toEqual({ production: 1 });
    expect(record.events.map(({ type }) => type)).toEqual(['rolloutAborted']);
  });

  test('never goes anywhere twice without going forth, whatever was routed and retired', () => {
    const step = fc.record({
      act: fc.constantFrom('route', 'roll out', 'retire', 'back'),
      to: fc.integer({ min: 1, max: 3 }),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        let record = recordOf();
        for (const { act, to } of steps) {
          const before = record;
          try {
            if (act === 'route') record = route(record, { production: v(to) }, stamp());
            if (act === 'retire') record = retire(record, v(to), stamp());
            if (act === 'back') record = back(record);
            if (act === 'roll out') {
              record = start(
                record,
                { id: ROLLOUT, wanted: { version: v(to), steps: [100] } },
                stamp(),
              );
            }
          } catch (error) {
            if (!(error instanceof ServingError)) throw error;
          }
          const stack = [...(record.formerly ?? []), record.routing.production];
          stack.forEach((version, n) => {
            expect(version).not.toBe(stack[n - 1]);
          });
          if (act === 'back' && record !== before) {
            expect(record.formerly?.length).toBeLessThan(before.formerly?.length ?? 0);
          }
        }
      }),
    );
  });

  test('goes back so far and no further', () => {
    const turns = Array.from({ length: MAX_FORMERLY + 10 }, (_, n) => (n % 2 === 0 ? 2 : 1));
    expect(moved(...turns).formerly).toHaveLength(MAX_FORMERLY);
  });
});
