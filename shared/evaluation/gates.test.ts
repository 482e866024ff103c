import { describe, expect, test } from '@jest/globals';
import { assessQuality } from './assess-quality.ts';
import type { Cost } from './cost.ts';
import { type GateResult, type GateSubject, gatesOf, holdsOf } from './gates.ts';
import type { ClassificationRows, Predictions } from './predictions.ts';
import type { Quality } from './quality.ts';
import { generator } from './random.ts';
import type { Robustness } from './robustness.ts';

const ROBUST: Robustness = {
  probes: [{ probe: 'nan', outcome: 'answered' }],
  rows: { rows: 200, flipped: 4, noise: 0.01, asked: 200, nan: 0, flippedLines: [9], nanLines: [] },
};
const COST: Cost = {
  bytes: 1_000,
  loadMs: 20,
  memoryBytes: 0,
  alone: { p50: 1, p95: 2, p99: 3 },
};

function judge(
  quality: Quality | undefined,
  { card = {}, ...more }: Partial<GateSubject> = {},
): Map<string, GateResult> {
  const found = gatesOf({
    card,
    ...(quality && { quality }),
    robustness: ROBUST,
    cost: COST,
    ...more,
  });
  expect(new Set(found.map(({ gate }) => gate)).size).toBe(found.length);
  return new Map(found.map((result) => [result.gate, result]));
}

function results(gates: Map<string, GateResult>): Record<string, string> {
  return Object.fromEntries([...gates].map(([gate, { result }]) => [gate, result]));
}

function classified(
  truth: Int32Array,
  version: Int32Array,
  more: Partial<ClassificationRows> = {},
): Quality {
  return assessQuality({
    task: 'classification',
    classes: ['no', 'yes'],
    truth,
    version: { labels: version },
    slices: [],
    lines: Int32Array.from(truth, (_, row) => row + 2),
    seed: 1,
    ...more,
  });
}

function regressed(errors: (row: number) => number, before?: (row: number) => number): Quality {
  const truth = Float64Array.from({ length: 500 }, (_, row) => row % 50);
  const answers = (of: (row: number) => number): Predictions => ({
    values: truth.map((value, row) => value + of(row)),
  });
  return assessQuality({
    task: 'regression',
    truth,
    version: answers(errors),
    ...(before && { production: answers(before) }),
    slices: [],
    lines: Int32Array.from(truth, (_, row) => row + 2),
    seed: 1,
  });
}

/** 5 % positives, as fraud is. */
const FRAUD = Int32Array.from({ length: 2_000 }, (_, row) => (row % 20 === 0 ? 1 : 0));

/** Gives the truth, but for a share of each class. */
function mistaken(truth: Int32Array, wrong: Readonly<Record<number, number>>, seed: number) {
  const random = generator(seed);
  return truth.map((is) => (random() < (wrong[is] ?? 0) ? 1 - is : is));
}

test('a good classifier passes everything', () => {
  const found = judge(classified(FRAUD, mistaken(FRAUD, { 0: 0.01, 1: 0.1 }, 1)));
  expect(results(found)).toEqual({
    minRows: 'passed',
    betterThanChance: 'passed',
    minF1: 'passed',
    noCrash: 'passed',
    maxFlips: 'passed',
    noNan: 'passed',
  });
  expect(holdsOf([...found.values()])).toBeUndefined();
});

describe('a fraud model of 95 % accuracy is rejected', () => {
  test('that always says no', () => {
    const quality = classified(
      FRAUD,
      FRAUD.map(() => 0),
    );
    expect(quality.task === 'classification' && quality.figures.accuracy.value).toBe(0.95);
    const found = judge(quality);
    expect(found.get('betterThanChance')?.result).toBe('failed');
    expect(found.get('minF1')).toMatchObject({ result: 'failed', figure: 0, bound: 0.05 });
  });

  test('that always says the usual of many classes', () => {
    const truth = FRAUD.map((_, row) => (row % 4 === 0 ? 1 + (row % 3) : 0));
    const quality = classified(
      truth,
      truth.map(() => 0),
      { classes: ['a', 'b', 'c', 'd'] },
    );
    expect(judge(quality).get('betterThanChance')).toMatchObject({
      result: 'failed',
      figure: 0,
      bound: 0,
    });
  });

  test('that finds 2 % of the fraud, so that F1 is near 0 though it is better than chance', () => {
    let positives = 0;
    const answers = FRAUD.map((is) => (is === 1 && ++positives % 50 === 0 ? 1 : 0));
    const found = judge(classified(FRAUD, answers));
    const gate = found.get('minF1');
    expect(gate).toMatchObject({ result: 'failed', bound: 0.05 });
    expect(gate?.figure).toBeCloseTo(2 / 51, 6);
    expect(gate?.why).toBe(
      'F1 of `yes` is 0.03922; at least 0.05 is expected, what guessing at its share of the rows reaches',
    );
    expect(gate?.lines).toHaveLength(20);
  });

  test('that guesses', () => {
    const random = generator(5);
    const guesses = FRAUD.map(() => (random() < 0.05 ? 1 : 0));
    expect(judge(classified(FRAUD, guesses)).get('betterThanChance')?.result).toBe('failed');
  });
});

test('a useful model passes though it misses F1 of guessing the usual class', () => {
  const truth = FRAUD.map((is) => 1 - is);
  const quality = classified(truth, mistaken(truth, { 0: 0.2, 1: 0.12 }, 2), { positive: 1 });
  expect(quality.task === 'classification' && quality.positiveFigures?.f1.value).toBeLessThan(0.95);
  expect(judge(quality).get('minF1')).toMatchObject({ result: 'passed', bound: 0.5 });
  expect(judge(quality).get('betterThanChance')?.result).toBe('passed');
});

test('rows of one class can’t show that a model is better than always answering it', () => {
  const ones = new Int32Array(200).fill(1);
  expect(judge(classified(ones, ones)).get('betterThanChance')?.result).toBe('unknown');
});

describe('too few labelled rows', () => {
  const truth = FRAUD.slice(0, 40);

  test('reject nothing, and hold a rollout', () => {
    const found = judge(
      classified(
        truth,
        truth.map(() => 0),
      ),
    );
    expect(results(found)).toEqual({
      minRows: 'unknown',
      noCrash: 'passed',
      maxFlips: 'passed',
      noNan: 'passed',
    });
    expect(holdsOf([...found.values()])).toBe('not enough labelled rows: 40, expected 100');
  });

  test('none at all, with the reason', () => {
    const found = judge(undefined, { qualityProblem: 'no column `label`' });
    expect(holdsOf([...found.values()])).toBe(
      'not enough labelled rows: 0, expected 100 (no column `label`)',
    );
  });

  test('are enough when the card says so', () => {
    const quality = classified(
      truth,
      truth.map(() => 0),
    );
    for (const minRows of [40, false]) {
      expect(judge(quality, { card: { gates: { minRows } } }).get('minF1')?.result).toBe('failed');
    }
  });
});

describe('beside production', () => {
  const compare = (wrongBefore: number, wrongNow: number, rows = FRAUD, seed = 3) => {
    const truth = rows.map((_, row) => row % 2);
    const wrong = (share: number, salt: number) =>
      mistaken(truth, { 0: share, 1: share }, seed + salt);
    return judge(
      classified(truth, wrong(wrongNow, 0), { production: { labels: wrong(wrongBefore, 1) } }),
    ).get('notWorse');
  };

  test('a better version passes, the same one too', () => {
    expect(compare(0.1, 0.05)).toMatchObject({ result: 'passed' });
    const truth = FRAUD.map((_, row) => row % 2);
    const labels = mistaken(truth, { 0: 0.1, 1: 0.1 }, 1);
    const same = judge(classified(truth, labels, { production: { labels } })).get('notWorse');
    expect(same).toMatchObject({ result: 'passed', figure: 0, bound: -0.01 });
  });

  test('a worse one fails, with figures and rows', () => {
    const found = compare(0.05, 0.1);
    expect(found).toMatchObject({ result: 'failed', bound: -0.01 });
    expect(found?.why).toMatch(
      /^macro F1 is 0\.\d+ \(0\.\d+ to 0\.\d+\), production's on the same rows 0\.\d+ \(.*\), the difference -0\.0\d+ \(.*\); no worse by more than 0\.01 is expected$/,
    );
    expect(found?.lines).toHaveLength(20);
  });

  test('a slightly worse one of few rows is left to a person', () => {
    const truth = FRAUD.slice(0, 400).map((_, row) => row % 2);
    const production = truth.map((is, row) => (row % 20 === 0 ? 1 - is : is));
    // Two errors more than production's 20, and none in common.
    const version = truth.map((is, row) => (row % 18 === 1 && row < 396 ? 1 - is : is));
    const found = judge(classified(truth, version, { production: { labels: production } }));
    expect(found.get('notWorse')).toMatchObject({ result: 'unknown' });
    expect(holdsOf([...found.values()])).toContain('so few rows can’t tell');
  });

  test('one of few rows that is no worse on them passes', () => {
    const truth = FRAUD.slice(0, 400).map((_, row) => row % 2);
    const production = truth.map((is, row) => (row % 20 === 0 ? 1 - is : is));
    const version = truth.map((is, row) => (row % 21 === 1 ? 1 - is : is));
    const quality = classified(truth, version, { production: { labels: production } });
    const low =
      quality.task === 'classification' ? quality.comparison?.difference.macro.f1.low : undefined;
    expect(low).toBeLessThan(-0.01);
    expect(judge(quality).get('notWorse')?.result).toBe('passed');
  });

  test('an equal one of few rows hardly ever fails', () => {
    const rows = FRAUD.slice(0, 450);
    const failed = Array.from({ length: 60 }, (_, seed) =>
      compare(0.1, 0.1, rows, 10 * seed),
    ).filter((gate) => gate?.result === 'failed');
    // One in forty is expected beyond a 95 % interval's bad end: 6 of 60 are 0.2 % likely.
    expect(failed.length).toBeLessThan(6);
  });

  test('the card sets the tolerance', () => {
    const truth = FRAUD.map((_, row) => row % 2);
    const quality = classified(truth, mistaken(truth, { 0: 0.1, 1: 0.1 }, 1), {
      production: { labels: truth },
    });
    const with_ = (notWorse: number | boolean) =>
      judge(quality, { card: { gates: { notWorse } } }).get('notWorse')?.result;
    expect([with_(0.2), with_(true), with_(false)]).toEqual(['passed', 'failed', undefined]);
  });
});

describe('a regression', () => {
  const noise = (size: number) => (row: number) => (((row * 7) % 11) / 5 - 1) * size;

  test('passes when it is close', () => {
    expect(results(judge(regressed(noise(1), noise(1))))).toEqual({
      minRows: 'passed',
      betterThanChance: 'passed',
      notWorse: 'passed',
      noCrash: 'passed',
      maxFlips: 'passed',
      noNan: 'passed',
    });
  });

  test('fails when the mean would do better, or production does', () => {
    const found = judge(regressed((row) => 24.5 - (row % 50), noise(1)));
    expect(found.get('betterThanChance')?.result).toBe('failed');
    expect(found.get('notWorse')).toMatchObject({ result: 'failed' });
    expect(found.get('notWorse')?.why).toContain('no worse by more than 1 % is expected');
    expect(judge(regressed(noise(1.1), noise(1))).get('notWorse')?.result).toBe('failed');
    expect(judge(regressed(noise(0.9), noise(1))).get('notWorse')?.result).toBe('passed');
    // Half a percent of a large error, and two of a small one.
    expect(judge(regressed(noise(100.5), noise(100))).get('notWorse')?.result).toBe('passed');
    expect(judge(regressed(noise(0.102), noise(0.1))).get('notWorse')?.result).toBe('failed');
  });

  test('that answers no numbers waits for a person', () => {
    const quality = regressed((row) => (row < 100 ? Infinity : 0.1));
    expect(quality).toMatchObject({ rows: 400, notNumbers: 100 });
    const found = judge(quality);
    expect(found.get('noNan')?.result).toBe('unknown');
    expect(JSON.parse(JSON.stringify(quality))).toEqual(quality);
  });

  test('keeps to what the card names', () => {
    const gates = { maxRmse: 0.5, maxMae: 2, minR2: 0.9 };
    const found = judge(regressed(noise(1)), { card: { gates } });
    expect(found.get('maxRmse')).toMatchObject({ result: 'failed', bound: 0.5 });
    expect(found.get('maxMae')?.result).toBe('passed');
    expect(found.get('minR2')?.result).toBe('passed');
    expect(found.get('maxRmse')?.why).toBe('RMSE is 0.633; at most 0.5 is expected');
  });
});

test('figures that the card names must be reached', () => {
  const quality = classified(FRAUD, mistaken(FRAUD, { 0: 0.01, 1: 0.1 }, 1));
  const gates = { minAccuracy: 0.9, minMacroF1: 0.99, minF1: 0.99, minRocAuc: 0.5, maxLogLoss: 1 };
  const found = judge(quality, { card: { gates } });
  expect(found.get('minAccuracy')?.result).toBe('passed');
  expect(found.get('minMacroF1')?.result).toBe('failed');
  expect(found.get('minF1')?.result).toBe('failed');
  const exactly = quality.task === 'classification' ? quality.figures.accuracy.value : NaN;
  const reached = judge(quality, { card: { gates: { minAccuracy: exactly } } });
  expect(reached.get('minAccuracy')?.result).toBe('passed');
  // There are no scores to work these out from.
  expect(found.get('minRocAuc')?.result).toBe('unknown');
  expect(found.get('maxLogLoss')?.result).toBe('unknown');
});

test('robustness: flips, NaN and crashes reject', () => {
  const robustness: Robustness = {
    probes: [
      { probe: 'nan', outcome: 'refused' },
      { probe: 'long strings', outcome: 'crashed', why: 'SIGSEGV' },
    ],
    rows: {
      rows: 200,
      flipped: 5,
      noise: 0.01,
      asked: 200,
      nan: 2,
      flippedLines: [3],
      nanLines: [4, 5],
    },
  };
  const found = judge(undefined, { robustness });
  expect(found.get('maxFlips')).toMatchObject({ result: 'failed', figure: 0.025, lines: [3] });
  expect(found.get('noNan')).toMatchObject({ result: 'failed', figure: 2, lines: [4, 5] });
  expect(found.get('noCrash')?.why).toBe(
    'the process that ran the model died of: long strings (SIGSEGV)',
  );
  const gates = { maxFlips: 0.03, noNan: false, noCrash: false };
  expect(results(judge(undefined, { robustness, card: { gates } }))).toEqual({
    minRows: 'unknown',
    maxFlips: 'passed',
  });
});

test('budgets are kept, and gates of the same name go before them', () => {
  const budgets = { p95Ms: 1.5, loadMs: 20, bytes: 999 };
  const found = judge(undefined, { card: { budgets } });
  expect(found.get('p95Ms')).toMatchObject({ result: 'failed', figure: 2, bound: 1.5 });
  expect(found.get('loadMs')?.result).toBe('passed');
  expect(found.get('bytes')?.why).toBe(
    'size of the ONNX file: 1000 bytes, the budget is 999 bytes',
  );
  const gates = { p95Ms: 3, bytes: false };
  const other = judge(undefined, { card: { budgets, gates } });
  expect([other.get('p95Ms')?.result, other.get('bytes')]).toEqual(['passed', undefined]);
  const { alone: _, ...cost } = COST;
  expect(judge(undefined, { card: { budgets }, cost }).get('p95Ms')?.result).toBe('unknown');
});

test('a gate that nobody knows, or that is set to nonsense, holds a rollout', () => {
  const gates = { minF2: 0.5, minF1: 'high', noNan: 3 };
  const found = gatesOf({ card: { gates }, robustness: ROBUST, cost: COST });
  const misset = found.filter(({ gate }) => gate === 'minF2' || gate === 'minF1');
  expect(misset.map(({ result }) => result)).toEqual(['unknown', 'unknown']);
  expect(holdsOf(found)).toContain('gate `minF2`: there is no such gate; there are minRows, ');
  expect(holdsOf(found)).toContain('gate `minF1`: expected a number or false (it is "high")');
  expect(holdsOf(found)).toContain('gate `noNan`: expected true or false (it is 3)');
});
