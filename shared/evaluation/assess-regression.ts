import { drawRows, figureOf, resamplesFor } from './bootstrap.ts';
import { dealFolds, foldsOf } from './folds.ts';
import { missesToLookAt } from './look-at.ts';
import type { RegressionRows } from './predictions.ts';
import type { Comparison, RegressionFigures, RegressionQuality, Slice } from './quality.ts';
import { generator } from './random.ts';
import {
  REGRESSION_FIGURES,
  type RegressionFigure,
  regressionFigures,
} from './regression-figures.ts';
import { keep, room, type Samples } from './samples.ts';
import { slicesOf } from './slices.ts';

/** Folds are dealt among rows of about the same value. */
const FOLD_STRATUM = 5;

/** How far a regression is off on labelled rows, and whether that is less than production is. */
export function assessRegression(input: RegressionRows): RegressionQuality {
  const random = generator(input.seed);
  const values = input.version.values ?? new Float64Array(input.truth.length).fill(NaN);
  const rows = [...input.truth.keys()].filter((row) => Number.isFinite(values[row]));
  const truth = pick(input.truth, rows);
  const answers = pick(values, rows);
  const before = input.production?.values && pick(input.production.values, rows);
  const bootstrap = bootstrapErrors({ truth, version: answers, production: undefined }, random);
  const cut = slicesOf(
    input.slices.map(({ column, values: cells }) => ({
      column,
      values: rows.map((row) => cells[row] ?? ''),
    })),
  );
  const folds = foldsOf(
    dealFolds(strataOf(truth), random),
    (fold) => errorsOf(truth, answers, fold).rmse,
  );
  return {
    rows: rows.length,
    notNumbers: input.truth.length - rows.length,
    figures: figuresOf(regressionFigures(truth, answers), bootstrap.version),
    resamples: { counts: 0, scores: bootstrap.resamples },
    ...(folds && { folds }),
    slices: cut.slices.map((slice) => {
      const both = before && finiteRows(before, slice.rows);
      return {
        ...slice,
        rows: slice.rows.length,
        figures: sliceFigures(truth, answers, slice.rows),
        ...(before && both && both.length > 0 && { production: sliceFigures(truth, before, both) }),
      };
    }) satisfies Slice<unknown>[],
    slicesCut: cut.cut,
    ...comparisonMember(truth, answers, before, random),
    lookAt: missesToLookAt({
      answers,
      production: before,
      lines: Int32Array.from(rows, (row) => input.lines[row] ?? 0),
      truth,
    }),
  };
}

/** On the rows that both answered with a number. */
function comparisonMember(
  allTruth: Float64Array,
  allAnswers: Float64Array,
  allBefore: Float64Array | undefined,
  random: () => number,
): { comparison?: Comparison<RegressionFigures> } {
  const rows = allBefore && finiteRows(allBefore, [...allTruth.keys()]);
  if (!rows || rows.length === 0) return {};
  const truth = pick(allTruth, rows);
  const version = pick(allAnswers, rows);
  const production = pick(allBefore, rows);
  const samples = bootstrapErrors({ truth, version, production }, random);
  const before = regressionFigures(truth, production);
  const difference = { ...regressionFigures(truth, version) };
  for (const name of REGRESSION_FIGURES) difference[name] -= before[name];
  return {
    comparison: {
      rows: rows.length,
      production: figuresOf(before, samples.production),
      difference: figuresOf(difference, samples.difference),
    },
  };
}

interface Errors {
  readonly truth: Float64Array;
  readonly version: Float64Array;
  readonly production: Float64Array | undefined;
}

interface ErrorSamples {
  readonly resamples: number;
  readonly version: Samples<RegressionFigure>;
  readonly production: Samples<RegressionFigure>;
  readonly difference: Samples<RegressionFigure>;
}

function bootstrapErrors(errors: Errors, random: () => number): ErrorSamples {
  const { truth, version, production } = errors;
  const resamples = resamplesFor(truth.length);
  const weights = new Float64Array(truth.length);
  const samples = {
    version: room(REGRESSION_FIGURES, resamples),
    production: room(REGRESSION_FIGURES, resamples),
    difference: room(REGRESSION_FIGURES, resamples),
  };
  for (let resample = 0; resample < resamples; resample++) {
    drawRows(weights, random);
    const figures = regressionFigures(truth, version, weights);
    keep(samples.version, resample, figures);
    if (!production) continue;
    const before = regressionFigures(truth, production, weights);
    keep(samples.production, resample, before);
    for (const name of REGRESSION_FIGURES) {
      samples.difference[name][resample] = figures[name] - before[name];
    }
  }
  return { resamples, ...samples };
}

function figuresOf(
  values: Readonly<Record<RegressionFigure, number>>,
  samples: Samples<RegressionFigure>,
): RegressionFigures {
  const r2 = figureOf(values.r2, samples.r2);
  return {
    mae: figureOf(values.mae, samples.mae) ?? { value: 0 },
    rmse: figureOf(values.rmse, samples.rmse) ?? { value: 0 },
    ...(r2 && { r2 }),
  };
}

function sliceFigures(
  truth: Float64Array,
  answers: Float64Array,
  rows: readonly number[],
): { mae: number; rmse: number } {
  const { mae, rmse } = errorsOf(truth, answers, rows);
  return { mae, rmse };
}

function errorsOf(
  truth: Float64Array,
  answers: Float64Array,
  rows: readonly number[],
): Record<RegressionFigure, number> {
  return regressionFigures(pick(truth, rows), pick(answers, rows));
}

function* strataOf(truth: Float64Array): Generator<number[]> {
  const rows = [...truth.keys()].sort((a, b) => (truth[a] ?? 0) - (truth[b] ?? 0));
  for (let from = 0; from < rows.length; from += FOLD_STRATUM) {
    yield rows.slice(from, from + FOLD_STRATUM);
  }
}

function finiteRows(values: Float64Array, rows: readonly number[]): number[] {
  return rows.filter((row) => Number.isFinite(values[row]));
}

function pick(values: Float64Array, rows: readonly number[]): Float64Array {
  return Float64Array.from(rows, (row) => values[row] ?? NaN);
}
