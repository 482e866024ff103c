import * as z from 'zod';
import type {
  ClassFigures,
  ClassificationFigures,
  ClassificationQuality,
  ClassificationSlice,
  Comparison,
  Confusion,
  Figure,
  Folds,
  McNemar,
  Quality,
  RegressionFigures,
  RegressionQuality,
  RegressionSlice,
  RowToLookAt,
  Slice,
} from '../../evaluation/quality.ts';

// What `Quality` is, from a process that is not trusted. Its members stand in both places; one that
// is forgotten here doesn't compile.

type Members<T> = Record<keyof T, z.ZodType>;

const count = z.int().nonnegative();
const figure = z.strictObject({
  value: z.number(),
  low: z.number().exactOptional(),
  high: z.number().exactOptional(),
} satisfies Members<Figure>);
const averages = { precision: figure, recall: figure, f1: figure };

const classificationFigures = z.strictObject({
  accuracy: figure,
  balancedAccuracy: figure,
  aboveChance: figure.exactOptional(),
  macro: z.strictObject(averages),
  weighted: z.strictObject(averages),
  rocAuc: figure.exactOptional(),
  logLoss: figure.exactOptional(),
} satisfies Members<ClassificationFigures>);
const regressionFigures = z.strictObject({
  mae: figure,
  rmse: figure,
  r2: figure.exactOptional(),
} satisfies Members<RegressionFigures>);
const classFigures = z.strictObject({
  class: z.string(),
  rows: count,
  answered: count,
  ...averages,
} satisfies Members<ClassFigures>);

const answer = z.union([z.string(), z.number()]);
const rowToLookAt = z.strictObject({
  line: count,
  truth: answer,
  answered: answer.exactOptional(),
  production: answer.exactOptional(),
  confidence: z.number().exactOptional(),
} satisfies Members<RowToLookAt>);
const folds = z.strictObject({
  values: z.array(z.number()),
  mean: z.number(),
  deviation: z.number(),
} satisfies Members<Folds>);
const mcnemar = z.strictObject({
  onlyProductionRight: count,
  onlyVersionRight: count,
  test: z.enum(['exact binomial', 'chi-squared with continuity correction']),
  p: z.number(),
} satisfies Members<McNemar>);

function assessed<Figures extends z.ZodType, SliceFigures extends z.ZodType>(
  figures: Figures,
  sliceFigures: SliceFigures,
) {
  return {
    rows: count,
    figures,
    resamples: z.strictObject({ counts: count, scores: count }),
    folds: folds.exactOptional(),
    slices: z.array(
      z.strictObject({
        column: z.string(),
        value: z.string(),
        rows: count,
        small: z.boolean(),
        figures: sliceFigures,
        production: sliceFigures.exactOptional(),
      } satisfies Members<Slice<unknown>>),
    ),
    slicesCut: z.array(z.string()),
    comparison: z
      .strictObject({
        rows: count,
        production: figures,
        difference: figures,
        mcnemar: mcnemar.exactOptional(),
        changed: count.exactOptional(),
      } satisfies Members<Comparison<unknown>>)
      .exactOptional(),
    lookAt: z.array(rowToLookAt),
  };
}

export const qualitySchema = z.discriminatedUnion('task', [
  z.strictObject({
    task: z.literal('classification'),
    ...({
      ...assessed(
        classificationFigures,
        z.strictObject({
          accuracy: figure,
          macroF1: z.number(),
        } satisfies Members<ClassificationSlice>),
      ),
      classes: count,
      positive: z.string().exactOptional(),
      positiveFigures: classFigures.exactOptional(),
      perClass: z.array(classFigures),
      confusion: z.strictObject({
        counts: z.array(z.array(count)).exactOptional(),
        noClass: count,
        top: z.array(z.strictObject({ truth: z.string(), answered: z.string(), rows: count })),
      } satisfies Members<Confusion>),
    } satisfies Members<ClassificationQuality>),
  }),
  z.strictObject({
    task: z.literal('regression'),
    ...({
      ...assessed(
        regressionFigures,
        z.strictObject({ mae: z.number(), rmse: z.number() } satisfies Members<RegressionSlice>),
      ),
      notNumbers: count,
    } satisfies Members<RegressionQuality>),
  }),
]) satisfies z.ZodType<Quality>;
