import { describe, expect, test } from '@jest/globals';
import { sumOfCounts } from './blocks.ts';
import type { Arm } from './counts.ts';
import { type CountedRequest, type Runs, StageCounter } from './stage-counter.ts';

const NOW = 1_700_000_000_000;

/** Counts with two warm versions, unless `ran` says how often they ran. */
function counter(ran: number | Record<Arm, Runs> = 1_000) {
  const runs =
    typeof ran === 'number' ? { production: { count: ran }, candidate: { count: ran } } : ran;
  const stage = new StageCounter(runs);
  const saw = (arm: Arm, request: Partial<CountedRequest>, slowMs: number | undefined = 10) => {
    stage.saw(
      arm,
      { ok: true, ms: 1, label: undefined, caller: undefined, ...request },
      { slowMs, now: NOW },
    );
  };
  const sums = (arm: Arm) => sumOfCounts(stage.counts().blocks.map((block) => block[arm]));
  return { stage, saw, sums };
}

describe('a stage', () => {
  test('is counted by version: requests, errors, slow runs', () => {
    const { saw, sums, stage } = counter();
    for (const ms of [1, 10, 10.5, 400]) saw('candidate', { ms });
    saw('candidate', { ok: false, ms: undefined });
    saw('production', { ms: 2 });
    expect(sums('candidate')).toMatchObject({ requests: 5, errors: 1, timed: 4, slow: 2 });
    expect(sums('production')).toMatchObject({ requests: 1, errors: 0, timed: 1, slow: 0 });
    expect(stage.counts().latency).toMatchObject({
      production: { count: 1 },
      candidate: { count: 4 },
    });
  });

  test('the first twenty runs of a version on an instance are not timed, whatever the stage', () => {
    const runs = { production: { count: 0 }, candidate: { count: 0 } };
    const first = counter(runs);
    for (let n = 0; n < 15; n++) first.saw('candidate', { ms: 500 });
    const next = counter(runs);
    for (let n = 0; n < 8; n++) next.saw('candidate', { ms: 500 });
    expect(first.sums('candidate')).toMatchObject({ requests: 15, timed: 0, slow: 0 });
    expect(next.sums('candidate')).toMatchObject({ requests: 8, timed: 3, slow: 3 });
    expect(next.stage.counts().latency.candidate.count).toBe(3);
  });

  test('nothing is slow, and no run counts as timed, before it is settled what slow is', () => {
    const { stage, saw, sums } = counter();
    stage.saw(
      'production',
      { ok: true, ms: 99, label: undefined, caller: undefined },
      { slowMs: undefined, now: NOW },
    );
    expect(sums('production')).toMatchObject({ requests: 1, timed: 0, slow: 0 });
    expect(stage.counts().latency.production.count).toBe(1);
    saw('production', { ms: 99 });
    expect(sums('production')).toMatchObject({ requests: 2, timed: 1, slow: 1 });
  });

  test('what a caller repeats is told apart', () => {
    const { saw, sums, stage } = counter();
    for (let n = 0; n < 3; n++) saw('candidate', { ok: false, ms: undefined, caller: 0.25 });
    saw('candidate', { ok: false, ms: undefined, caller: 0.5 });
    for (let n = 0; n < 3; n++) saw('candidate', { label: 'yes', caller: 0.75 });
    for (let n = 0; n < 2; n++) saw('candidate', { label: 'yes' });
    expect(sums('candidate')).toMatchObject({ errors: 4, errorsAgain: 2 });
    expect(stage.counts().answers.candidate).toEqual({ yes: 3 });
  });

  test('sixteen answers are told apart, the same ones for both versions', () => {
    const { saw, stage } = counter();
    for (let n = 0; n < 10; n++) saw('candidate', { label: `c${n}` });
    for (let n = 0; n < 10; n++) saw('production', { label: `p${n}` });
    for (const arm of ['candidate', 'production'] as const) {
      saw(arm, { label: 'p9' });
      saw(arm, { label: 'p0' });
      saw(arm, { label: '__proto__' });
    }
    const { production, candidate } = stage.counts().answers;
    expect(new Set([...Object.keys(production), ...Object.keys(candidate)]).size).toBe(17);
    expect(production).toMatchObject({ p0: 2, p5: 1, '…': 6 });
    expect(candidate).toMatchObject({ c0: 1, p0: 1, '…': 2 });
    expect(JSON.parse(JSON.stringify(stage.counts()))).toEqual(stage.counts());
  });

  test('copies are compared where both answers say something', () => {
    const { stage } = counter();
    const nothing = { labels: 0, disagreed: false, numbers: 0, distanceSum: 0, distanceMax: 0 };
    stage.compared(nothing);
    stage.compared({ ...nothing, disagreed: true });
    stage.compared({ ...nothing, labels: 2 });
    stage.compared({ ...nothing, numbers: 3, distanceSum: 1.5, distanceMax: 1 });
    stage.compared({ ...nothing, numbers: 1, distanceSum: 0.5, distanceMax: 0.5 });
    stage.dropped();
    expect(stage.counts().shadow).toEqual({
      compared: 4,
      disagreed: 1,
      dropped: 1,
      numbers: 4,
      distanceSum: 2,
      distanceMax: 1,
    });
  });

  test('what was handed out stays what it was', () => {
    const { saw, stage } = counter();
    saw('candidate', { label: 'a' });
    const before = stage.counts();
    const text = JSON.stringify(before);
    for (let n = 0; n < 5; n++) saw('candidate', { label: 'a', ok: false });
    stage.dropped();
    expect(JSON.stringify(before)).toBe(text);
  });
});
