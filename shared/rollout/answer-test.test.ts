import { describe, expect, test } from '@jest/globals';
import { EMPTY_SKETCH } from '../telemetry/latency-sketch.ts';
import { answerEvidence, answerVerdict } from './answer-test.ts';
import type { AnswerCounts, StageCounts } from './counts.ts';

const BOUND = Math.log(1000);

function counted(production: AnswerCounts, candidate: AnswerCounts): StageCounts {
  return {
    key: 'r1',
    stage: 0,
    boot: 'a',
    updatedAt: 0,
    blocks: [],
    latency: { production: EMPTY_SKETCH, candidate: EMPTY_SKETCH },
    answers: { production, candidate },
    shadow: { compared: 0, disagreed: 0, dropped: 0, numbers: 0, distanceSum: 0, distanceMax: 0 },
  };
}

describe('the distribution of answers', () => {
  test('may differ threefold, not more', () => {
    // Odds 1/4 against 3/5: 2.4-fold.
    const within = answerEvidence([counted({ a: 200, b: 800 }, { a: 375, b: 625 })], {});
    expect(answerVerdict(within).logE).toBeLessThan(0);
    // Odds 1/4 against 4: 16-fold.
    const beyond = answerEvidence([counted({ a: 200, b: 800 }, { a: 800, b: 200 })], {});
    expect(answerVerdict(beyond).logE).toBeGreaterThan(BOUND);
  });

  test('tells which label, and whether there is too much of it', () => {
    const gone = answerEvidence(
      [counted({ a: 300, b: 600, c: 100 }, { a: 300, b: 0, c: 100 })],
      {},
    );
    expect(answerVerdict(gone)).toMatchObject({ label: 'b', direction: 'less' });
    const flood = answerEvidence([counted({ a: 900, b: 60, c: 40 }, { a: 90, c: 600 })], {});
    expect(answerVerdict(flood)).toMatchObject({ label: 'c', direction: 'more' });
  });

  test('is compared within an instance only', () => {
    const here = counted({ a: 1000 }, { a: 10 });
    const there = counted({ b: 10 }, { b: 1000 });
    expect(answerVerdict(answerEvidence([here, there], {})).logE).toBeCloseTo(0, 12);
  });

  test('goes on from what earlier stages found, also of labels that are not given any more', () => {
    const first = answerEvidence([counted({ a: 60, b: 60 }, { a: 60 })], {});
    const second = answerEvidence([counted({ c: 60, b: 60 }, { c: 60 })], first);
    expect(answerVerdict(second).logE).toBeGreaterThan(answerVerdict(first).logE);
    expect(second['answers>:a']).toEqual(first['answers>:a']);
  });

  test('of many labels looks at the commonest, and at the rest as one', () => {
    const many = (from: number, times: number) =>
      Object.fromEntries(Array.from({ length: 30 }, (_, i) => [`l${i + from}`, times]));
    const evidence = answerEvidence(
      [counted({ ...many(0, 10), x: 10_000 }, { ...many(50, 40), x: 1 })],
      {},
    );
    expect(Object.keys(evidence).length).toBeLessThanOrEqual(34);
    expect(answerVerdict(evidence).logE).toBeGreaterThan(BOUND);
  });

  test('without labels says nothing', () => {
    expect(answerEvidence([counted({}, {})], {})).toEqual({});
    expect(answerVerdict({})).toEqual({ logE: 0 });
  });
});
