import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { ServingError } from '../errors.ts';
import type { AliasName, Fingerprint, ModelName, RolloutId, Version } from '../ids.ts';
import { isActive, type Judgement, type Rollout } from '../rollout/rollout.ts';
import type { Stamp } from './amend.ts';
import { bury } from './deletion.ts';
import { MAX_FORMERLY } from './formerly.ts';
import { allocate, retire } from './lifecycle.ts';
import type { ModelRecord, Routing } from './model-record.ts';
import { takeBack } from './rollback.ts';
import { command, type RolloutCommand, requireActive } from './rollout-commands.ts';
import { planOf, type WantedRollout } from './rollout-plan.ts';
import { advance, freezeSlow, rollBackRollout, start } from './rollouts.ts';
import { name, route } from './traffic.ts';
import { findKey, MAX_KEYS, withKey } from './used-keys.ts';

const v = (n: number) => n as Version;
const id = 'r1' as RolloutId;
const NOON = Date.parse('2026-01-01T12:00:00Z');
const stamp = (seconds = 0): Stamp => ({ now: NOON + seconds * 1000, who: 'somebody' });
const at = (seconds: number) => new Date(NOON + seconds * 1000).toISOString();
const judgement = (decision: Judgement['decision'], why = 'as it was found'): Judgement => ({
  at: at(0),
  decision,
  why,
  figures: { requests: 120, errors: 0 },
});
const PASSED = { judgement: judgement('advance'), evidence: { errors: [1, 2] } };

describe('a plan', () => {
  test('what is left out has a default', () => {
    expect(planOf({ version: v(2) }, v(1))).toEqual({
      version: 2,
      from: 1,
      steps: [1, 5, 25, 50, 100],
      minRequests: 100,
      minSeconds: 60,
      allowBreaking: false,
    });
    expect(planOf({ version: v(2), minRequests: 7, shadow: { percent: 10 } }, v(1)).shadow).toEqual(
      { percent: 10, minRequests: 7 },
    );
  });

  test('steps end with 100', () => {
    const stepsOf = (steps: number[]) => planOf({ version: v(2), steps }, v(1)).steps;
    expect(stepsOf([0.1, 99.9])).toEqual([0.1, 99.9, 100]);
    expect(stepsOf([100])).toEqual([100]);
  });

  test.each<[Partial<WantedRollout>, string]>([
    [{ steps: [] }, 'rollout.steps: expected 1 to 20 percentages, got 0'],
    [
      { steps: Array.from({ length: 21 }, (_, n) => n + 1) },
      'expected 1 to 20 percentages, got 21',
    ],
    [{ steps: [0, 5] }, 'rollout.steps[0]: expected a percentage above 0 and up to 100, got 0'],
    [
      { steps: [50, 101] },
      'rollout.steps[1]: expected a percentage above 0 and up to 100, got 101',
    ],
    [{ steps: [5, Number.NaN] }, 'rollout.steps[1]: expected a percentage'],
    [{ steps: [5, 5] }, 'rollout.steps[1]: expected more than the step before (5), got 5'],
    [{ steps: [100, 5] }, 'rollout.steps[1]: expected more than the step before (100), got 5'],
    [{ minRequests: 1.5 }, 'rollout.minRequests: expected a whole number from 0'],
    [{ minRequests: -1 }, 'rollout.minRequests: expected a whole number from 0'],
    [{ minSeconds: -1 }, 'rollout.minSeconds: expected 0 to 2592000, got -1'],
    [{ minSeconds: Number.POSITIVE_INFINITY }, 'rollout.minSeconds: expected 0 to 2592000'],
    [{ shadow: { percent: 0 } }, 'rollout.shadow.percent: expected a percentage above 0'],
    [{ shadow: { percent: 5, minRequests: 0.5 } }, 'rollout.shadow.minRequests: expected a whole'],
  ])('%j is refused', (wanted, text) => {
    const told = failureOf(() => planOf({ version: v(2), ...wanted }, v(1)));
    expect(told).toContain(`malformed: `);
    expect(told).toContain(text);
  });
});

describe('starting', () => {
  test('routes the first step, and says so', () => {
    const record = started({ steps: [10, 50] });
    expect(record.routing).toEqual({ production: 1, candidate: { version: 2, percent: 10 } });
    expect(record.generation).toBe(5);
    expect(record.rollout).toEqual({
      id,
      plan: planOf({ version: v(2), steps: [10, 50] }, v(1)),
      startedBy: 'somebody',
      createdAt: at(0),
      stage: { number: 0, kind: 'canary', percent: 10, startedAt: at(0) },
      evidence: {},
      status: { state: 'running' },
    });
    expect(told(record)).toEqual([
      ['rolloutStarted', { rollout: 'r1', version: '2', from: '1', stage: 'canary', percent: 10 }],
    ]);
    expect(record.formerly).toBeUndefined();
  });

  test('copies requests first where that is asked for', () => {
    const record = started({ shadow: { percent: 30 } });
    expect(record.routing).toEqual({ production: 1, shadow: { version: 2, percent: 30 } });
    expect(record.rollout?.stage).toMatchObject({ number: 0, kind: 'shadow', percent: 30 });
  });

  test('with 100 % as its only step it is over in the same write', () => {
    const record = started({ steps: [100] });
    expect(record.routing).toEqual({ production: 2 });
    expect(record.formerly).toEqual([1]);
    expect(record.rollout?.status).toMatchObject({ state: 'completed', finishedAt: at(0) });
    expect(record.events.map(({ seq, type, routing }) => [seq, type, routing])).toEqual([
      [10, 'rolloutStarted', { production: 1 }],
      [11, 'rolloutCompleted', { production: 2 }],
    ]);
  });

  test('one that waits for somebody takes no traffic until it is resumed', () => {
    const waiting = start(
      recordOf(),
      { id, wanted: { version: v(2), steps: [20] }, paused: 'too few rows' },
      stamp(),
    );
    expect(waiting.rollout?.status).toEqual({ state: 'paused', why: 'too few rows' });
    expect(waiting.routing).toEqual({ production: 1, candidate: { version: 2, percent: 0 } });
    expect(advance(waiting, { id, stage: 0 }, PASSED, stamp())).toBe(waiting);
    const resumed = asked(waiting, 'resume', 5);
    expect(resumed.routing.candidate?.percent).toBe(20);
    expect(resumed.rollout?.stage).toMatchObject({ number: 1, startedAt: at(5) });
    expect(resumed.events.map(({ type }) => type)).toEqual(['rolloutResumed', 'rolloutAdvanced']);
  });

  test('one that waits, with 100 % as its only step, is over when it is resumed', () => {
    const waiting = start(
      recordOf(),
      { id, wanted: { version: v(2), steps: [100] }, paused: 'too few rows' },
      stamp(),
    );
    expect(waiting.routing.production).toBe(1);
    const resumed = asked(waiting, 'resume');
    expect(resumed.routing).toEqual({ production: 2 });
    expect(resumed.events.map(({ type }) => type)).toEqual(['rolloutResumed', 'rolloutCompleted']);
  });

  test('one that waits and has a shadow stage copies requests meanwhile', () => {
    const wanted = { version: v(2), shadow: { percent: 30 } };
    const waiting = start(recordOf(), { id, wanted, paused: 'too few rows' }, stamp());
    expect(waiting.routing).toEqual({ production: 1, shadow: { version: 2, percent: 30 } });
    const resumed = asked(waiting, 'resume');
    expect(resumed.rollout?.stage).toBe(waiting.rollout?.stage);
  });

  test('takes over the version’s own place in the routing', () => {
    const candidate = recordOf({ production: v(1), candidate: { version: v(2), percent: 40 } });
    const wanted = { version: v(2), steps: [10] };
    expect(start(candidate, { id, wanted }, stamp()).routing.candidate?.percent).toBe(10);
  });

  test.each<[string, ModelRecord, number, RegExp]>([
    ['is production', recordOf(), 1, /^conflict: version 1 of model m is production already/],
    ['isn’t ready', recordOf(), 4, /^conflict: version 4 of model m is pending; only a ready/],
    ['is unknown', recordOf(), 9, /^conflict: version 9 of model m is unknown/],
    [
      'comes while another is candidate',
      recordOf({ production: v(1), candidate: { version: v(3), percent: 0 } }),
      2,
      /^conflict: version 3 of model m is candidate; clear it first: PUT/,
    ],
    [
      'comes while another is shadow',
      recordOf({ production: v(1), shadow: { version: v(3), percent: 5 } }),
      2,
      /^conflict: version 3 of model m is shadow; clear it first/,
    ],
    [
      'comes while a rollout runs',
      started({}),
      3,
      /^conflict: model m: rollout r1 of version 2 is running/,
    ],
    ['has nothing to replace', recordOf({}), 2, /^conflict: .* nothing is routed/],
  ])('is refused to a version that %s', (_, record, version, text) => {
    const begin = () => start(record, { id, wanted: { version: v(version) } }, stamp());
    expect(failureOf(begin)).toMatch(text);
  });
});

describe('judging', () => {
  test('goes through the steps one by one, then production is replaced', () => {
    let record = started({ shadow: { percent: 5 }, steps: [10, 50] });
    const seen: unknown[] = [];
    for (let stage = 0; isActive(record.rollout); stage++) {
      record = advance(record, { id, stage }, PASSED, stamp(stage + 1));
      seen.push([record.events.map(({ type }) => type), record.routing]);
    }
    expect(seen).toEqual([
      [['rolloutAdvanced'], { production: 1, candidate: { version: 2, percent: 10 } }],
      [['rolloutAdvanced'], { production: 1, candidate: { version: 2, percent: 50 } }],
      [['rolloutCompleted'], { production: 2 }],
    ]);
    expect(record.generation).toBe(8);
    expect(record.formerly).toEqual([1]);
    expect(record.rollout).toMatchObject({
      stage: { number: 2, percent: 50, startedAt: at(2) },
      evidence: PASSED.evidence,
      judgement: PASSED.judgement,
      status: { state: 'completed', finishedAt: at(3), why: 'as it was found' },
    });
    expect(told(record)).toEqual([
      ['rolloutCompleted', { requests: 120, errors: 0, rollout: 'r1', version: '2', from: '1' }],
    ]);
  });

  test('a stage that is past, another rollout and one that is over are left as they are', () => {
    const record = advance(started({}), { id, stage: 0 }, PASSED, stamp());
    const bad = judgement('rollBack');
    for (const ref of [
      { id, stage: 0 },
      { id, stage: 2 },
      { id: 'other' as RolloutId, stage: 1 },
    ]) {
      expect(advance(record, ref, PASSED, stamp())).toBe(record);
      expect(rollBackRollout(record, ref, bad, stamp())).toBe(record);
    }
    const over = asked(record, 'abort');
    expect(advance(over, { id, stage: 1 }, PASSED, stamp())).toBe(over);
    expect(rollBackRollout(over, { id, stage: 1 }, bad, stamp())).toBe(over);
    expect(freezeSlow(over, { id }, 5)).toBe(over);
  });

  test.each(['running', 'paused'])('takes a %s one back when it harms', (state) => {
    const before = state === 'running' ? started({}) : asked(started({}), 'pause');
    const bad = judgement('rollBack', 'errors: 3 % against 1 %');
    const record = rollBackRollout(before, { id, stage: 0 }, bad, stamp(9));
    expect(record.routing).toEqual({ production: 1 });
    expect(record.rollout).toMatchObject({
      judgement: bad,
      status: { state: 'rolledBack', finishedAt: at(9), why: 'errors: 3 % against 1 %' },
    });
    expect(record.events[0]).toMatchObject({
      type: 'rolledBack',
      why: 'errors: 3 % against 1 %',
      figures: { requests: 120, rollout: 'r1', version: '2', from: '1' },
    });
    expect(record.formerly).toBeUndefined();
  });

  test('what is slow is settled once, and is no event', () => {
    const before = started({});
    const record = freezeSlow(before, { id }, 7.5);
    expect(record.rollout?.slowMs).toBe(7.5);
    expect([record.generation, record.events]).toEqual([before.generation, before.events]);
    expect(freezeSlow(record, { id }, 9)).toBe(record);
    expect(freezeSlow(record, { id: 'other' as RolloutId }, 9)).toBe(record);
    const later = advance(record, { id, stage: 0 }, PASSED, stamp());
    expect(later.rollout?.slowMs).toBe(7.5);
  });

  test('a history does not go back, whatever the clocks say', () => {
    const record = advance(started({}, 100), { id, stage: 0 }, PASSED, stamp(50));
    expect(record.rollout?.stage.startedAt).toBe(at(100));
    expect(asked(record, 'abort', 20).rollout?.status).toMatchObject({ finishedAt: at(100) });
  });
});

describe('commanding', () => {
  test('a paused one holds; what is so already is no change', () => {
    const paused = asked(started({ steps: [10] }), 'pause');
    expect(paused.rollout?.status).toEqual({ state: 'paused', why: 'paused by somebody' });
    expect(paused.routing).toEqual(started({ steps: [10] }).routing);
    expect(paused.generation).toBe(6);
    expect(told(paused)).toEqual([['rolloutPaused', { rollout: 'r1', version: '2', from: '1' }]]);
    expect(asked(paused, 'pause')).toBe(paused);
    expect(advance(paused, { id, stage: 0 }, PASSED, stamp())).toBe(paused);
    const running = asked(paused, 'resume');
    expect(running.rollout?.status).toEqual({ state: 'running' });
    expect(running.rollout?.stage).toEqual(paused.rollout?.stage);
    expect(asked(running, 'resume')).toBe(running);
  });

  test.each(['running', 'paused'])('a %s one can be promoted at once', (state) => {
    const before = started({ shadow: { percent: 5 } });
    const record = asked(state === 'running' ? before : asked(before, 'pause'), 'promote');
    expect(record.routing).toEqual({ production: 2 });
    expect(record.formerly).toEqual([1]);
    expect(record.rollout?.status).toMatchObject({
      state: 'completed',
      why: 'promoted by somebody',
    });
  });

  test('an aborted one leaves production as it was', () => {
    const record = command(
      started({}),
      active(started({})),
      { command: 'abort', why: 'odd' },
      stamp(),
    );
    expect(record.routing).toEqual({ production: 1 });
    expect(record.rollout?.status).toMatchObject({ state: 'aborted', why: 'odd' });
    expect(record.events[0]).toMatchObject({ type: 'rolloutAborted', why: 'odd' });
  });

  test('one that is over says how it ended', () => {
    const { rollout } = asked(started({}), 'promote');
    expect(failureOf(() => rollout && requireActive('m' as ModelName, rollout))).toBe(
      'conflict: rollout r1 of model m is completed (promoted by somebody); only one that is running or paused can be changed',
    );
  });
});

describe('what else is refused while a rollout is active', () => {
  test('routing, the same as well', () => {
    const record = started({ steps: [10] });
    const again = { production: v(1), candidate: { version: v(2), percent: 10 } };
    for (const routing of [again, { production: v(3) }]) {
      expect(failureOf(() => route(record, routing, stamp()))).toMatch(/^conflict: .*r1 .*running/);
    }
    expect(route(asked(record, 'abort'), { production: v(3) }, stamp()).routing.production).toBe(3);
  });

  test('retiring one of its versions', () => {
    for (const version of [v(1), v(2)]) {
      expect(failureOf(() => retire(started({}), version, stamp()))).toMatch(/in rollout r1/);
    }
    expect(retire(started({}), v(3), stamp()).versions[2]?.state).toBe('retired');
  });

  test('but not naming', () => {
    const named = name(started({}), { alias: 'x' as AliasName, version: v(2) }, stamp());
    expect(named.rollout).toEqual(started({}).rollout);
  });
});

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
    const before = start(moved(2), { id, wanted: { version: v(3) } }, stamp());
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
              record = start(record, { id, wanted: { version: v(to), steps: [100] } }, stamp());
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

describe('deleting', () => {
  test('ends an active rollout; the next life knows nothing of it', () => {
    const used = withKey(started({ steps: [100] }), { key: 'k', fingerprint: 'f', at: NOON });
    const record = start(used, { id: 'r2' as RolloutId, wanted: { version: v(1) } }, stamp());
    const tombstone = bury(record, true, stamp());
    expect(tombstone).toMatchObject({ routing: {}, incarnation: 2, versions: [] });
    expect(tombstone.rollout).toMatchObject({ id: 'r2', status: { state: 'aborted' } });
    expect(tombstone.events.map(({ type }) => type)).toEqual(['rolloutAborted', 'deleted']);
    expect(tombstone).not.toHaveProperty('formerly');
    expect(tombstone).not.toHaveProperty('keys');
    const { record: next } = allocate(
      tombstone,
      {
        model: 'm' as ModelName,
        incarnation: 2,
        fingerprint: 'new' as Fingerprint,
        digest: 'd' as never,
        bytes: 1,
        card: {},
      },
      stamp(),
    );
    expect(next).not.toHaveProperty('rollout');
    expect(next).not.toHaveProperty('deleted');
  });
});

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

/** Three versions that are ready and one that isn't, after nine events. */
function recordOf(routing: Routing = { production: v(1) }): ModelRecord {
  return {
    model: 'm' as ModelName,
    incarnation: 1,
    purges: [],
    generation: 4,
    nextVersion: 5,
    nextEvent: 10,
    routing,
    aliases: {},
    versions: [1, 2, 3, 4].map((n) => ({
      version: v(n),
      fingerprint: `f${n}` as Fingerprint,
      createdAt: at(-100),
      state: n === 4 ? 'pending' : 'ready',
    })),
    events: [],
  };
}

function started(wanted: Partial<WantedRollout>, seconds = 0): ModelRecord {
  return start(recordOf(), { id, wanted: { version: v(2), ...wanted } }, stamp(seconds));
}

function active({ rollout }: ModelRecord): Rollout {
  if (isActive(rollout)) return rollout;
  throw new Error('no active rollout');
}

function asked(record: ModelRecord, wanted: RolloutCommand, seconds = 0): ModelRecord {
  return command(record, active(record), { command: wanted }, stamp(seconds));
}

function told({ events }: ModelRecord): unknown[] {
  return events.map(({ type, figures }) => [type, figures]);
}

function failureOf(work: () => unknown): string | undefined {
  try {
    work();
  } catch (error) {
    if (error instanceof ServingError) return `${error.failure.kind}: ${error.message}`;
    throw error;
  }
  return undefined;
}
