// Figures must be those of test/oracles/metrics.py, which works them out with scikit-learn, SciPy and
// statsmodels from the same answers.
import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { answeredClasses } from './answered.ts';
import { assessQuality } from './assess-quality.ts';
import { chiSquaredTail } from './distributions.ts';
import { mcnemar } from './mcnemar.ts';
import type { ClassificationRows, Predictions } from './predictions.ts';
import type { ClassificationQuality, Figure } from './quality.ts';
import { regressionFigures } from './regression-figures.ts';
import { rankingOf, rocAuc } from './roc-auc.ts';
import { wilson } from './wilson.ts';

type Interval = [number, number];
interface Expected {
  readonly name: string;
  readonly classes: number;
  readonly positive: number | null;
  readonly figures: Record<string, number | null>;
  readonly perClass: number[][];
  readonly confusion: number[][];
}
interface Oracle {
  readonly samples: (Expected & {
    slices: Record<string, { rows: number; accuracy: number; macroF1: number }>;
    otherMacroF1: number;
    mcnemar: { first: number; second: number; exact: boolean; p: number };
    intervals: { accuracy: Interval; macroF1: Interval; difference: Interval; rocAuc?: Interval };
  })[];
  readonly cases: (Expected & { truth: number[]; labels: number[]; scores: number[][] | null })[];
  readonly weighted: {
    truth: number[];
    scores: number[];
    weights: number[];
    rocAuc: number;
    values: number[];
    answers: number[];
    regression: Record<'mae' | 'rmse' | 'r2', number>;
  };
  readonly regressions: Record<'line' | 'ridge' | 'constant', Record<string, number | null>> & {
    intervals: { rmse: Interval; difference: Interval };
  };
  readonly mcnemar: { first: number; second: number; exact: boolean; p: number }[];
  readonly chiSquared: [number, number][];
  readonly wilson: [number, number, number, number][];
}
const oracle = JSON.parse(readFileSync('test/oracles/metrics.json', 'utf8')) as Oracle;

/** Columns of numbers by name. */
function read(name: string): (column: string) => number[] {
  const lines = readFileSync(`test/oracles/predictions/${name}.csv`, 'utf8').trim().split('\n');
  const [header = [], ...rows] = lines.map((line) => line.split(','));
  return (column) => rows.map((row) => Number(row[header.indexOf(column)]));
}

function classification(
  truth: number[],
  version: Predictions,
  { classes, positive }: Pick<Expected, 'classes' | 'positive'>,
  more: Partial<ClassificationRows> = {},
): ClassificationQuality {
  const quality = assessQuality({
    task: 'classification',
    classes: Array.from({ length: classes }, (_, index) => `class ${String(index)}`),
    ...(positive !== null && { positive }),
    truth: Int32Array.from(truth),
    version,
    slices: [],
    lines: Int32Array.from(truth, (_, row) => row + 2),
    seed: 1,
    ...more,
  });
  if (quality.task !== 'classification') throw new Error('expected a classification');
  return quality;
}

function flat({ figures }: ClassificationQuality): Record<string, number | null> {
  const { macro, weighted } = figures;
  return {
    accuracy: figures.accuracy.value,
    balancedAccuracy: figures.balancedAccuracy.value,
    aboveChance: figures.aboveChance?.value ?? null,
    macroPrecision: macro.precision.value,
    macroRecall: macro.recall.value,
    macroF1: macro.f1.value,
    weightedPrecision: weighted.precision.value,
    weightedRecall: weighted.recall.value,
    weightedF1: weighted.f1.value,
    rocAuc: figures.rocAuc?.value ?? null,
    logLoss: figures.logLoss?.value ?? null,
  };
}

function expectFigures(quality: ClassificationQuality, expected: Expected): void {
  const found = flat(quality);
  expect(Object.keys(found)).toEqual(Object.keys(expected.figures));
  for (const [name, value] of Object.entries(expected.figures)) {
    const difference = value === null ? found[name] : Math.abs((found[name] ?? NaN) - value);
    if (value === null) expect([name, difference]).toEqual([name, null]);
    else expect([name, (difference ?? NaN) < 1e-9]).toEqual([name, true]);
  }
  const perClass = quality.perClass.map(({ precision, recall, f1 }) => [
    precision.value,
    recall.value,
    f1.value,
  ]);
  for (const [index, row] of expected.perClass.entries()) {
    for (const [place, value] of row.entries()) {
      expect(Math.abs((perClass[index]?.[place] ?? NaN) - value)).toBeLessThan(1e-9);
    }
  }
  expect(quality.confusion.counts).toEqual(expected.confusion);
}

/** Two bootstraps of 2,000 resamples have ends that differ by chance. */
function expectInterval(figure: Figure | undefined, [low, high]: Interval): void {
  const apart = Math.max(
    Math.abs((figure?.low ?? NaN) - low),
    Math.abs((figure?.high ?? NaN) - high),
  );
  expect(apart).toBeLessThan(0.1 * (high - low));
}

describe.each(oracle.samples)('sample model $name', (expected) => {
  const column = read(expected.name);
  const truth = column('truth');
  const labels = column('label');
  const columns = Array.from({ length: expected.classes }, (_, k) => column(`s${String(k)}`));
  const scores = Float64Array.from(truth.flatMap((_, row) => columns.map((of) => of[row] ?? NaN)));
  // Every 17th row is off by one, as the script has it.
  const other = labels.map((label, row) =>
    row % 17 === 0 ? (label + 1) % expected.classes : label,
  );
  const production = { labels: Int32Array.from(labels), scores };
  const quality = classification(truth, production, expected);

  test('has scikit-learn’s figures to 1e-9', () => {
    expectFigures(quality, expected);
  });

  test('answers the class of the highest score', () => {
    expect([...answeredClasses({ scores }, truth.length, expected.classes)]).toEqual(labels);
  });

  test('has intervals like SciPy’s', () => {
    const { accuracy, macroF1, rocAuc: area } = expected.intervals;
    expectInterval(quality.figures.accuracy, accuracy);
    expectInterval(quality.figures.macro.f1, macroF1);
    if (area) expectInterval(quality.figures.rocAuc, area);
  });

  test('is compared like statsmodels and SciPy compare', () => {
    const { comparison } = classification(truth, { labels: Int32Array.from(other) }, expected, {
      production,
    });
    const difference = expected.otherMacroF1 - (expected.figures.macroF1 ?? NaN);
    expect(comparison?.difference.macro.f1.value).toBeCloseTo(difference, 12);
    expectInterval(comparison?.difference.macro.f1, expected.intervals.difference);
    expect(comparison?.mcnemar).toMatchObject({
      onlyProductionRight: expected.mcnemar.first,
      onlyVersionRight: expected.mcnemar.second,
      p: expect.closeTo(expected.mcnemar.p, 9),
    });
    expect(comparison?.difference.rocAuc).toBeUndefined();
  });
});

test('slices have scikit-learn’s figures', () => {
  const churn = oracle.samples.find(({ name }) => name === 'churn');
  if (!churn) throw new Error('expected the churn sample');
  const lines = readFileSync('test/fixtures/churn-test.csv', 'utf8').trim().split('\n');
  const [header = [], ...rows] = lines.map((line) => line.split(','));
  const at = header.indexOf('international_plan');
  const column = read('churn');
  const labels = Int32Array.from(column('label'));
  const slices = [{ column: 'plan', values: rows.map((row) => row[at] ?? '') }];
  const quality = classification(column('truth'), { labels }, churn, { slices });
  const found = Object.fromEntries(
    quality.slices.map(({ value, rows: ofIt, figures }) => [
      value,
      { rows: ofIt, accuracy: figures.accuracy.value, macroF1: figures.macroF1 },
    ]),
  );
  expect(Object.keys(found).sort()).toEqual(Object.keys(churn.slices).sort());
  for (const [value, { rows: ofIt, accuracy, macroF1 }] of Object.entries(churn.slices)) {
    expect(found[value]).toEqual({
      rows: ofIt,
      accuracy: expect.closeTo(accuracy, 10),
      macroF1: expect.closeTo(macroF1, 10),
    });
  }
});

test.each(oracle.cases)('$name: scikit-learn’s figures to 1e-9', (expected) => {
  const { truth, labels, scores } = expected;
  const predictions = {
    labels: Int32Array.from(labels),
    ...(scores && { scores: Float64Array.from(scores.flat()) }),
  };
  expectFigures(classification(truth, predictions, expected), expected);
});

test('rows count as often as they weigh', () => {
  const { truth, scores, weights, values, answers, ...expected } = oracle.weighted;
  const ranking = rankingOf(Float64Array.from(scores), 1, 0);
  const area = rocAuc(ranking, Int32Array.from(truth), 1, Float64Array.from(weights));
  expect(area).toBeCloseTo(expected.rocAuc, 10);
  const figures = regressionFigures(
    Float64Array.from(values),
    Float64Array.from(answers),
    Float64Array.from(weights),
  );
  for (const name of ['mae', 'rmse', 'r2'] as const) {
    expect(figures[name]).toBeCloseTo(expected.regression[name], 10);
  }
});

test('a regression has scikit-learn’s figures to 1e-9, and SciPy’s intervals', () => {
  const column = read('diabetes');
  const truth = Float64Array.from(column('truth'));
  const quality = assessQuality({
    task: 'regression',
    truth,
    version: { values: Float64Array.from(column('ridge')) },
    production: { values: Float64Array.from(column('line')) },
    slices: [],
    lines: Int32Array.from(truth, (_, row) => row + 2),
    seed: 1,
  });
  if (quality.task !== 'regression') throw new Error('expected a regression');
  const { ridge, line, intervals } = oracle.regressions;
  for (const name of ['mae', 'rmse', 'r2'] as const) {
    const own = quality.figures[name]?.value ?? NaN;
    const before = quality.comparison?.production[name]?.value ?? NaN;
    expect(Math.abs(own - (ridge[name] ?? NaN))).toBeLessThan(1e-9);
    expect(Math.abs(before - (line[name] ?? NaN))).toBeLessThan(1e-9);
  }
  expectInterval(quality.comparison?.production.rmse, intervals.rmse);
  expectInterval(quality.comparison?.difference.rmse, intervals.difference);
});

test('a constant truth has no R²', () => {
  const { constant } = oracle.regressions;
  const found = regressionFigures(Float64Array.of(2, 2, 2), Float64Array.of(1, 2, 4));
  expect(found.mae).toBeCloseTo(constant.mae ?? NaN, 12);
  expect(found.rmse).toBeCloseTo(constant.rmse ?? NaN, 12);
  expect(constant.r2).toBeNull();
  expect(found.r2).toBeNaN();
});

test.each(oracle.mcnemar)('McNemar of $first and $second is statsmodels’', (expected) => {
  const found = mcnemar(expected.first, expected.second);
  expect(found.test.startsWith('exact')).toBe(expected.exact);
  expect(Math.abs(found.p - expected.p)).toBeLessThan(1e-9);
});

test('tails of chi-squared are SciPy’s, relative to themselves', () => {
  for (const [x, tail] of oracle.chiSquared) {
    expect(Math.abs(chiSquaredTail(x) - tail)).toBeLessThanOrEqual(1e-11 * tail);
  }
});

test.each(oracle.wilson)('Wilson’s interval of %d of %d is statsmodels’', (k, n, low, high) => {
  expect(wilson(k, n).low).toBeCloseTo(low, 12);
  expect(wilson(k, n).high).toBeCloseTo(high, 12);
});
