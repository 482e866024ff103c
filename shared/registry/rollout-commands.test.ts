import { describe, expect, test } from '@jest/globals';
import {
  active,
  asked,
  at,
  failureOf,
  ROLLOUT,
  stamp,
  started,
  told,
  v,
} from '../../test/rollout-records.ts';
import type { AliasName, Fingerprint, ModelName, RolloutId } from '../ids.ts';
import { bury } from './deletion.ts';
import { allocate, retire } from './lifecycle.ts';
import { command, requireActive } from './rollout-commands.ts';
import { advance, start } from './rollouts.ts';
import { name, route } from './traffic.ts';
import { withKey } from './used-keys.ts';

const PASSED = {
  judgement: { at: at(0), decision: 'advance', why: 'passed', figures: {} },
  evidence: {},
} as const;

describe('commanding', () => {
  test('a paused one holds; what is so already is no change', () => {
    const paused = asked(started({ steps: [10] }), 'pause');
    expect(paused.rollout?.status).toEqual({ state: 'paused', why: 'paused by somebody' });
    expect(paused.routing).toEqual(started({ steps: [10] }).routing);
    expect(paused.generation).toBe(6);
    expect(told(paused)).toEqual([['rolloutPaused', { rollout: 'r1', version: '2', from: '1' }]]);
    expect(asked(paused, 'pause')).toBe(paused);
    expect(advance(paused, { id: ROLLOUT, stage: 0 }, PASSED, stamp())).toBe(paused);
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
    if (!rollout) throw new Error('it is gone');
    const requiring = () => {
      requireActive('m', rollout);
    };
    expect(failureOf(requiring)).toBe(
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

describe('deleting', () => {
  test('ends an active rollout; the next life knows nothing of it', () => {
    const used = withKey(started({ steps: [100] }), {
      key: 'k',
      fingerprint: 'f',
      at: stamp().now,
    });
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
