import { describe, expect, test } from '@jest/globals';
import {
  asked,
  at,
  failureOf,
  ROLLOUT,
  recordOf,
  stamp,
  started,
  told,
  v,
} from '../../test/rollout-records.ts';
import type { RolloutId } from '../ids.ts';
import { isActive, type Judgement } from '../rollout/rollout.ts';
import type { ModelRecord } from './model-record.ts';
import { planOf } from './rollout-plan.ts';
import { advance, freezeSlow, rollBackRollout, start } from './rollouts.ts';

const judgement = (decision: Judgement['decision'], why = 'as it was found'): Judgement => ({
  at: at(0),
  decision,
  why,
  figures: { requests: 120, errors: 0 },
});
const PASSED = { judgement: judgement('advance'), evidence: { errors: [1, 2] } };

describe('starting', () => {
  test('routes the first step, and says so', () => {
    const record = started({ steps: [10, 50] });
    expect(record.routing).toEqual({ production: 1, candidate: { version: 2, percent: 10 } });
    expect(record.generation).toBe(5);
    expect(record.rollout).toEqual({
      id: ROLLOUT,
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
      { id: ROLLOUT, wanted: { version: v(2), steps: [20] }, paused: 'too few rows' },
      stamp(),
    );
    expect(waiting.rollout?.status).toEqual({ state: 'paused', why: 'too few rows' });
    expect(waiting.routing).toEqual({ production: 1, candidate: { version: 2, percent: 0 } });
    expect(advance(waiting, { id: ROLLOUT, stage: 0 }, PASSED, stamp())).toBe(waiting);
    const resumed = asked(waiting, 'resume', 5);
    expect(resumed.routing.candidate?.percent).toBe(20);
    expect(resumed.rollout?.stage).toMatchObject({ number: 1, startedAt: at(5) });
    expect(resumed.events.map(({ type }) => type)).toEqual(['rolloutResumed', 'rolloutAdvanced']);
  });

  test('one that waits, with 100 % as its only step, is over when it is resumed', () => {
    const waiting = start(
      recordOf(),
      { id: ROLLOUT, wanted: { version: v(2), steps: [100] }, paused: 'too few rows' },
      stamp(),
    );
    expect(waiting.routing.production).toBe(1);
    const resumed = asked(waiting, 'resume');
    expect(resumed.routing).toEqual({ production: 2 });
    expect(resumed.events.map(({ type }) => type)).toEqual(['rolloutResumed', 'rolloutCompleted']);
  });

  test('one that waits and has a shadow stage copies requests meanwhile', () => {
    const wanted = { version: v(2), shadow: { percent: 30 } };
    const waiting = start(recordOf(), { id: ROLLOUT, wanted, paused: 'too few rows' }, stamp());
    expect(waiting.routing).toEqual({ production: 1, shadow: { version: 2, percent: 30 } });
    const resumed = asked(waiting, 'resume');
    expect(resumed.rollout?.stage).toBe(waiting.rollout?.stage);
  });

  test('takes over the version’s own place in the routing', () => {
    const candidate = recordOf({ production: v(1), candidate: { version: v(2), percent: 40 } });
    const wanted = { version: v(2), steps: [10] };
    expect(start(candidate, { id: ROLLOUT, wanted }, stamp()).routing.candidate?.percent).toBe(10);
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
    const begin = () => start(record, { id: ROLLOUT, wanted: { version: v(version) } }, stamp());
    expect(failureOf(begin)).toMatch(text);
  });
});

describe('judging', () => {
  test('goes through the steps one by one, then production is replaced', () => {
    let record = started({ shadow: { percent: 5 }, steps: [10, 50] });
    const seen: unknown[] = [];
    for (let stage = 0; isActive(record.rollout); stage++) {
      record = advance(record, { id: ROLLOUT, stage }, PASSED, stamp(stage + 1));
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
    const record = advance(started({}), { id: ROLLOUT, stage: 0 }, PASSED, stamp());
    const bad = judgement('rollBack');
    for (const ref of [
      { id: ROLLOUT, stage: 0 },
      { id: ROLLOUT, stage: 2 },
      { id: 'other' as RolloutId, stage: 1 },
    ]) {
      expect(advance(record, ref, PASSED, stamp())).toBe(record);
      expect(rollBackRollout(record, ref, bad, stamp())).toBe(record);
    }
    const over = asked(record, 'abort');
    expect(advance(over, { id: ROLLOUT, stage: 1 }, PASSED, stamp())).toBe(over);
    expect(rollBackRollout(over, { id: ROLLOUT, stage: 1 }, bad, stamp())).toBe(over);
    expect(freezeSlow(over, { id: ROLLOUT }, 5)).toBe(over);
  });

  test.each(['running', 'paused'])('takes a %s one back when it harms', (state) => {
    const before = state === 'running' ? started({}) : asked(started({}), 'pause');
    const bad = judgement('rollBack', 'errors: 3 % against 1 %');
    const record = rollBackRollout(before, { id: ROLLOUT, stage: 0 }, bad, stamp(9));
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
    const record = freezeSlow(before, { id: ROLLOUT }, 7.5);
    expect(record.rollout?.slowMs).toBe(7.5);
    expect([record.generation, record.events]).toEqual([before.generation, before.events]);
    expect(freezeSlow(record, { id: ROLLOUT }, 9)).toBe(record);
    expect(freezeSlow(record, { id: 'other' as RolloutId }, 9)).toBe(record);
    const later = advance(record, { id: ROLLOUT, stage: 0 }, PASSED, stamp());
    expect(later.rollout?.slowMs).toBe(7.5);
  });

  test('a history does not go back, whatever the clocks say', () => {
    const record = advance(started({}, 100), { id: ROLLOUT, stage: 0 }, PASSED, stamp(50));
    expect(record.rollout?.stage.startedAt).toBe(at(100));
    expect(asked(record, 'abort', 20).rollout?.status).toMatchObject({ finishedAt: at(100) });
  });
});
