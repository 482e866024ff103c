import { describe, expect, test } from '@jest/globals';
import type { RolloutId, Version } from '../ids.ts';
import { EMPTY_SKETCH, SketchBuilder } from '../telemetry/latency-sketch.ts';
import type { ArmCounts, Block, StageCounts } from './counts.ts';
import { judge } from './judge.ts';
import type { Rollout } from './rollout.ts';

const START = Date.parse('2026-05-01T12:00:00Z');
const NOW = START + 120_000;

function rollout(more: Partial<Rollout> = {}): Rollout {
  return {
    id: 'r1' as RolloutId,
    plan: {
      version: 2 as Version,
      from: 1 as Version,
      steps: [10, 50, 100],
      minRequests: 100,
      minSeconds: 60,
      allowBreaking: false,
    },
    startedBy: 'somebody',
    createdAt: '2026-05-01T12:00:00Z',
    stage: { number: 0, kind: 'canary', percent: 10, startedAt: '2026-05-01T12:00:00Z' },
    evidence: {},
    slowMs: 20,
    status: { state: 'running' },
    ...more,
  };
}

function arm(requests: number, errors = 0, slow = 0, more: Partial<ArmCounts> = {}): ArmCounts {
  return { requests, errors, timed: requests - errors, slow, ...more };
}

function counts(blocks: readonly Block[], more: Partial<StageCounts> = {}): StageCounts {
  return {
    key: 'r1',
    stage: 0,
    boot: 'a',
    updatedAt: NOW,
    blocks,
    latency: { production: EMPTY_SKETCH, candidate: EMPTY_SKETCH },
    answers: { production: {}, candidate: {} },
    shadow: {
      compared: 0,
      disagreed: 0,
      dropped: 0,
      numbers: 0,
      distanceSum: 0,
      distanceMax: 0,
    },
    ...more,
  };
}

/** Twelve blocks of 10 candidate requests beside 90 of production. */
function stretch(candidate: ArmCounts, production: ArmCounts, times = 12): Block[] {
  return Array.from({ length: times }, () => ({ production, candidate }));
}

const FINE = stretch(arm(10, 0, 0), arm(90, 1, 4));

function decide(running: Rollout, all: readonly StageCounts[], now = NOW) {
  return judge({ rollout: running, counts: all, now }).judgement;
}

describe('a rollout advances', () => {
  test('when requests and time are over and nothing speaks against it', () => {
    const { judgement, evidence } = judge({
      rollout: rollout(),
      counts: [counts(FINE)],
      now: NOW,
    });
    expect(judgement).toMatchObject({
      at: '2026-05-01T12:02:00.000Z',
      decision: 'advance',
      figures: {
        requests: 120,
        requestsInAll: 120,
        productionRequests: 1080,
        productionErrors: 12,
      },
    });
    expect(evidence.errors?.every((log) => log < 0)).toBe(true);
  });

  test('at once where the plan asks for no requests and no time', () => {
    const plan = { ...rollout().plan, minRequests: 0, minSeconds: 0 };
    expect(decide({ ...rollout({ plan }), slowMs: undefined } as never, [], START).decision).toBe(
      'advance',
    );
  });

  test('not before its requests, its time, or when the clock went back', () => {
    expect(decide(rollout(), [])).toMatchObject({
      decision: 'hold',
      why: '0 of 100 requests are through',
    });
    expect(decide(rollout(), [counts(FINE.slice(0, 9))]).why).toBe(
      '90 of 100 requests are through',
    );
    expect(decide(rollout(), [counts(FINE)], START + 59_000).why).toBe('59 of 60 seconds are over');
    expect(decide(rollout(), [counts(FINE)], START - 3_600_000).decision).toBe('hold');
  });

  test('by the counts of its own stage only', () => {
    const other = [counts(FINE, { key: 'r0' }), counts(FINE, { stage: 1 })];
    expect(decide(rollout(), other).why).toBe('0 of 100 requests are through');
  });

  test('not while paused', () => {
    const paused = rollout({ status: { state: 'paused', why: 'somebody said so' } });
    expect(decide(paused, [counts(FINE)])).toMatchObject({
      decision: 'hold',
      why: 'paused: somebody said so',
    });
  });

  test('not while harm is neither proven nor unlikely, but not for ever', () => {
    const doubtful = stretch(arm(10, 0), arm(90, 1)).map((block, i) =>
      i % 3 > 0 ? { ...block, candidate: arm(10, 1) } : block,
    );
    const running = rollout();
    const held = decide(running, [counts(doubtful)]);
    expect(held.decision).toBe('hold');
    expect(held.why).toMatch(/^errors: harm is neither proven nor unlikely: 8 of 120 \(6.7 %\)/);
    const patient = { ...running, plan: { ...running.plan, minRequests: 12 } };
    expect(decide(patient, [counts(doubtful)]).decision).toBe('advance');
  });
});

describe('a rollout is taken back', () => {
  test('when the candidate fails, with the figures', () => {
    const { judgement, evidence } = judge({
      rollout: rollout(),
      counts: [counts(stretch(arm(10, 2), arm(90, 1)))],
      now: START + 1000,
    });
    expect(judgement.decision).toBe('rollBack');
    expect(judgement.why).toMatch(
      /^errors: 24 of 120 \(20.0 %\) of the candidate's requests failed, 12 of 1080 \(1.1 %\) of production's; e-value .*, harm is proven at 250, after 120 requests of the candidate$/,
    );
    expect(judgement.figures).toMatchObject({ errors: 24, requests: 120 });
    expect(judgement.figures.eErrors).toBeGreaterThan(250);
    expect(evidence.errors).toHaveLength(6);
  });

  test('when its runs are slow', () => {
    const judgement = decide(rollout(), [counts(stretch(arm(10, 0, 4), arm(90, 0, 4)))]);
    expect(judgement.decision).toBe('rollBack');
    expect(judgement.why).toMatch(/^latency: 48 of 120 \(40.0 %\)/);
  });

  test('also while paused', () => {
    const paused = rollout({ status: { state: 'paused', why: 'somebody said so' } });
    const bad = [counts(stretch(arm(10, 2), arm(90, 1)))];
    expect(decide(paused, bad).decision).toBe('rollBack');
  });

  test('by what earlier stages found together with this one', () => {
    const half = [counts(stretch(arm(10, 1), arm(90, 1), 5))];
    const first = judge({ rollout: rollout(), counts: half, now: NOW });
    expect(first.judgement.decision).toBe('hold');
    const second = rollout({
      evidence: first.evidence,
      judgement: first.judgement,
      stage: { number: 1, kind: 'canary', percent: 50, startedAt: '2026-05-01T12:01:00Z' },
    });
    const judgement = decide(second, [{ ...(half[0] as StageCounts), stage: 1 }]);
    expect(judgement.decision).toBe('rollBack');
    expect(judgement.figures).toMatchObject({ requests: 50, requestsInAll: 100 });
  });

  test('when it answers something else', () => {
    const answers = { production: { a: 500, b: 500 }, candidate: { a: 200 } };
    const judgement = decide(rollout(), [counts(FINE, { answers })]);
    expect(judgement.decision).toBe('rollBack');
    expect(judgement.why).toMatch(/^answers: the candidate answers `[ab]` far (more|less) often/);
    const alike = { production: { a: 500, b: 500 }, candidate: { a: 140, b: 60 } };
    expect(decide(rollout(), [counts(FINE, { answers: alike })]).decision).toBe('advance');
  });

  test('when copies disagree far too often', () => {
    const shadowing = rollout({
      plan: { ...rollout().plan, shadow: { percent: 20, minRequests: 50 } },
      stage: { number: 0, kind: 'shadow', percent: 20, startedAt: '2026-05-01T12:00:00Z' },
    });
    const shadow = (compared: number, disagreed: number) =>
      counts(FINE, {
        shadow: { compared, disagreed, dropped: 3, numbers: 0, distanceSum: 0, distanceMax: 0 },
      });
    expect(decide(shadowing, [shadow(49, 5)]).why).toBe('49 of 50 copies are compared');
    expect(decide(shadowing, [shadow(100, 10)]).decision).toBe('advance');
    const judgement = decide(shadowing, [shadow(100, 60)]);
    expect(judgement.decision).toBe('rollBack');
    expect(judgement.why).toMatch(/^shadow: 60 of 100 copies/);
  });

  test('but not for one hiccup, however many requests it hits', () => {
    const hiccup = { production: arm(900, 1), candidate: arm(100, 90) };
    expect(decide(rollout(), [counts([...FINE, hiccup])]).decision).not.toBe('rollBack');
    const again = decide(rollout(), [counts([...FINE, ...stretch(arm(100, 90), arm(900, 1), 5)])]);
    expect(again.decision).toBe('rollBack');
  });

  describe('when what fails are the same callers again and again', () => {
    const again = (failing: number, share = 10) => [
      { production: arm(90, 1), candidate: arm(share, failing) },
      ...stretch(arm(share, failing, 0, { errorsAgain: failing }), arm(90, 1)),
    ];

    test('if they are many', () => {
      const judgement = decide(rollout(), [counts(again(20, 20))]);
      expect(judgement.decision).toBe('rollBack');
      expect(judgement.why).toContain('harm is proven');
    });

    test('if most of its requests fail, though nothing is proven, but not before the step’s time', () => {
      const most = { production: arm(90, 1), candidate: arm(10, 1) };
      const same = stretch(arm(10, 8, 0, { errorsAgain: 8 }), arm(90, 1));
      const judgement = decide(rollout(), [counts([most, ...same])]);
      expect(judgement.decision).toBe('rollBack');
      expect(judgement.why).toContain('too few callers to prove');
      const early = decide(rollout({ plan: { ...rollout().plan, minRequests: 100_000 } }), [
        counts([most, ...same]),
      ]);
      expect(early.decision).toBe('hold');
    });

    test('not if it is one of some', () => {
      const judgement = decide(rollout(), [counts(again(1))]);
      expect(judgement.decision).not.toBe('rollBack');
    });
  });
});

describe('production’s p95', () => {
  const latency = (runs: number) => {
    const builder = new SketchBuilder();
    for (let i = 1; i <= runs; i++) builder.add(i);
    return { production: builder.sketch(), candidate: EMPTY_SKETCH };
  };
  const { slowMs: _, ...early } = rollout();

  test('is frozen once, from 100 runs on, and waited for', () => {
    const few = judge({
      rollout: early,
      counts: [counts(FINE, { latency: latency(99) })],
      now: NOW,
    });
    expect(few.slowMs).toBeUndefined();
    expect(few.judgement).toMatchObject({
      decision: 'hold',
      why: 'production’s p95 is known after 100 runs',
    });
    // Three times the step's 60 seconds are enough of that.
    const late = judge({
      rollout: early,
      counts: [counts(FINE, { latency: latency(99) })],
      now: START + 180_000,
    });
    expect(late.judgement.decision).toBe('advance');
    const enough = judge({
      rollout: early,
      counts: [
        counts(FINE, { latency: latency(50) }),
        counts([], { boot: 'b', latency: latency(50) }),
      ],
      now: NOW,
    });
    expect(enough.slowMs).toBeGreaterThan(47 * 0.98);
    expect(enough.slowMs).toBeLessThan(48 * 1.02);
    expect(enough.judgement.decision).toBe('hold');
    const frozen = judge({
      rollout: rollout(),
      counts: [counts(FINE, { latency: latency(500) })],
      now: NOW,
    });
    expect(frozen.slowMs).toBeUndefined();
    expect(frozen.judgement.decision).toBe('advance');
  });

  test('once frozen, runs are waited for that are held against it', () => {
    const untimed = stretch(arm(10, 0, 0, { timed: 0 }), arm(90));
    expect(decide(rollout(), [counts(untimed)])).toMatchObject({
      decision: 'hold',
      why: '0 of the candidate’s runs could be timed, of 50',
    });
    const long = stretch(arm(10, 0, 0, { timed: 0 }), arm(90), 24);
    expect(decide(rollout(), [counts(long)]).decision).toBe('advance');
  });
});
