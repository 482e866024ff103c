import { expect, test } from '@jest/globals';
import { assessQuality } from './assess-quality.ts';
import { dealFolds } from './folds.ts';
import type { ClassificationRows } from './predictions.ts';
import type { Quality } from './quality.ts';
import { generator } from './random.ts';
import { slicesOf } from './slices.ts';

function assess(
  truth: readonly number[],
  more: Partial<ClassificationRows> & Pick<ClassificationRows, 'version'>,
): Extract<Quality, { task: 'classification' }> {
  const quality = assessQuality({
    task: 'classification',
    classes: ['a', 'b', 'c'],
    truth: Int32Array.from(truth),
    slices: [],
    lines: Int32Array.from(truth, (_, row) => row * 10),
    seed: 1,
    ...more,
  });
  if (quality.task !== 'classification') throw new Error('expected a classification');
  return quality;
}

test('the same seed gives the same report, which is JSON', () => {
  const random = generator(2);
  const truth = Array.from({ length: 300 }, () => Math.floor(random() * 3));
  const scores = Float64Array.from({ length: 900 }, random);
  const of = (seed: number): Quality =>
    assess(truth, { version: { scores }, production: { labels: Int32Array.from(truth) }, seed });
  expect(of(1)).toEqual(of(1));
  expect(of(1).figures).not.toEqual(of(2).figures);
  expect(JSON.parse(JSON.stringify(of(1)))).toEqual(of(1));
});

test('lines to look at: what production has right first, then the surest', () => {
  const { lookAt } = assess([0, 0, 0, 0, 1], {
    version: {
      labels: Int32Array.of(1, 1, 0, 2, -1),
      scores: Float64Array.of(0, 0.9, 0.1, 0, 0.6, 0.4, 1, 0, 0, 0, 0.3, 0.7, 0.3, 0.3, 0.3),
    },
    production: { labels: Int32Array.of(1, 0, 0, 0, 0) },
  });
  expect(lookAt).toEqual([
    { line: 30, truth: 'a', answered: 'c', production: 'a', confidence: 0.7 },
    { line: 10, truth: 'a', answered: 'b', production: 'a', confidence: 0.6 },
    { line: 0, truth: 'a', answered: 'b', production: 'b', confidence: 0.9 },
    { line: 40, truth: 'b', production: 'a', confidence: 0 },
  ]);
});

test('a report of very many classes is bounded', () => {
  const random = generator(3);
  const classes = Array.from({ length: 5_000 }, (_, index) => `class ${String(index)}`);
  const truth = Array.from({ length: 1_000 }, () => Math.floor(random() * random() * 5_000));
  const labels = Int32Array.from(truth, (is) => (random() < 0.5 ? is : (is + 1) % 5_000));
  const slices = [{ column: 'x', values: truth.map(String) }];
  const quality = assess(truth, { classes, version: { labels }, slices });
  expect(quality.perClass).toHaveLength(50);
  const least = Math.min(...quality.perClass.map(({ rows }) => rows));
  const shown = new Set(quality.perClass.map((one) => one.class));
  for (const name of new Set(truth.map((is) => classes[is] ?? ''))) {
    if (shown.has(name)) continue;
    expect(truth.filter((is) => classes[is] === name).length).toBeLessThanOrEqual(least);
  }
  expect(quality.confusion.counts).toBeUndefined();
  expect(quality.confusion.top).toHaveLength(20);
  expect(JSON.stringify(quality).length).toBeLessThan(60_000);
});

test('names from the file are cut', () => {
  const long = 'x'.repeat(10_000);
  const quality = assess([0, 1], {
    classes: [`a${long}`, `b${long}`],
    version: { labels: Int32Array.of(1, 1) },
    slices: [{ column: 'x', values: [long, 'y'] }],
  });
  expect(JSON.stringify(quality).length).toBeLessThan(4_000);
});

test('what is not of as many rows as the truth is refused', () => {
  const truth = [0, 1];
  const version = { labels: Int32Array.of(0, 1) };
  expect(() => assess(truth, { version: { labels: Int32Array.of(0) } })).toThrow(
    'labels of the version: expected 2, got 1',
  );
  expect(() => assess(truth, { version, production: { scores: new Float64Array(5) } })).toThrow(
    'scores of production: expected 6, got 5',
  );
  expect(() => assess([0, 3], { version })).toThrow('true class 3: expected one of 3');
});

test('scores that are no probabilities have an area, but no log loss; NaN is no class', () => {
  const logits = Float64Array.of(3, -2, 0, -1, 4, 0, 0, -9, 9, NaN, 1, 1);
  const quality = assess([0, 1, 2], { version: { scores: logits.slice(0, 9) } });
  expect(quality.figures.rocAuc?.value).toBe(1);
  expect(quality.figures.logLoss).toBeUndefined();
  const spoilt = assess([0, 1, 2, 1], { version: { scores: logits } });
  expect(spoilt.figures.accuracy.value).toBe(0.75);
  expect(spoilt.confusion.noClass).toBe(1);
  expect(spoilt.figures.rocAuc).toBeUndefined();
});

test('of two classes the area is that of the positive’s scores', () => {
  const scores = Float64Array.of(0.9, 0.5, 0.2, 0.5, 0.8, 0.5, 0.1, 0.5);
  const of = (positive: number) =>
    assess([0, 1, 0, 1], { classes: ['a', 'b'], positive, version: { scores } }).figures.rocAuc;
  expect([of(0)?.value, of(1)?.value]).toEqual([1, 0.5]);
});

test('folds have their share of every class, and every row once', () => {
  const strata = [[...Array(52).keys()], [100, 101, 102, 103, 104, 105, 106]];
  const folds = dealFolds(strata, generator(1));
  expect(folds.flat().sort((a, b) => a - b)).toEqual(strata.flat());
  for (const fold of folds) {
    const rare = fold.filter((row) => row >= 100).length;
    expect([1, 2]).toContain(rare);
    expect([11, 12]).toContain(fold.length);
  }
});

test('the spread over folds is that of their figures', () => {
  const truth = Array.from({ length: 100 }, (_, row) => row % 2);
  const labels = Int32Array.from(truth, (is, row) => (row < 20 ? 1 - is : is));
  const { folds, figures } = assess(truth, { classes: ['a', 'b'], version: { labels } });
  expect(folds?.values).toHaveLength(5);
  expect(folds?.mean).toBeCloseTo(figures.macro.f1.value, 1);
  expect(folds?.deviation).toBeGreaterThan(0);
  expect(assess([0, 1], { version: { labels: Int32Array.of(0, 1) } }).folds).toBeUndefined();
});

test('slices are by value, numbers with many values by quarter', () => {
  const ages = Array.from({ length: 101 }, (_, row) => String(row));
  const { slices, cut } = slicesOf([
    { column: 'plan', values: ages.map((_, row) => (row < 90 ? 'basic' : 'gold')) },
    { column: 'age', values: [...ages.slice(1), ''] },
    { column: 'name', values: ages.map((age) => `n${age}`) },
  ]);
  const found = slices.map(({ column, value, rows, small }) => [column, value, rows.length, small]);
  expect(found.slice(0, 2)).toEqual([
    ['plan', 'basic', 90, false],
    ['plan', 'gold', 11, true],
  ]);
  expect(found.slice(2, 7)).toEqual([
    ['age', '≤ 25.75', 25, false],
    ['age', '> 25.75, ≤ 50.5', 25, false],
    ['age', '> 50.5, ≤ 75.25', 25, false],
    ['age', '> 75.25', 25, false],
    ['age', '', 1, true],
  ]);
  expect(found.slice(7)).toHaveLength(50);
  expect(cut).toEqual(['name']);
});
