import { answeredClasses } from './answered.ts';
import { figureOf } from './bootstrap.ts';
import { classificationFigures, type Source } from './classification-figures.ts';
import { confusionOf } from './confusion.ts';
import { bootstrapCounts, type CountSamples } from './count-bootstrap.ts';
import { COUNT_FIGURES, classFigures, countFigures } from './count-figures.ts';
import { dealFolds, foldsOf } from './folds.ts';
import { errorsToLookAt } from './look-at.ts';
import { mcnemar } from './mcnemar.ts';
import type { ClassificationRows } from './predictions.ts';
import type {
  ClassFigures,
  ClassificationFigures,
  ClassificationQuality,
  ClassificationSlice,
  Comparison,
  Slice,
} from './quality.ts';
import { generator } from './random.ts';
import { bootstrapScores, SCORE_FIGURES } from './score-figures.ts';
import { slicesOf } from './slices.ts';
import { partTally, type Tally, tallyOf } from './tally.ts';
import { wilson } from './wilson.ts';
import { clipped } from './written.ts';

/** With more classes than this, only the largest are listed. */
const ALL_CLASSES = 100;
const LARGEST_CLASSES = 50;

/** How good a classifier is on labelled rows, and whether it is better than production on the same. */
export function assessClassification(input: ClassificationRows): ClassificationQuality {
  const { truth, version, production, lines, seed } = input;
  const classes = input.classes.map(clipped);
  const random = generator(seed);
  const rows = truth.length;
  const answers = answeredClasses(version, rows, classes.length);
  const before = production && answeredClasses(production, rows, classes.length);
  const tally = tallyOf(classes.length, truth, answers);
  const shown = shownClasses(tally);
  const positive = input.positive ?? rarerOfTwo(tally);
  const counts = bootstrapCounts({ truth, version: answers, production: before, shown, random });
  const scores = bootstrapScores(
    version.scores,
    production?.scores,
    { truth, classes: classes.length, positive },
    random,
  );
  const own = {
    values: { ...countFigures(tally), ...scores.values.version },
    samples: { ...counts.version, ...scores.version },
  };
  const perClass = shown.map((index, place) =>
    perClassOf(classes[index] ?? '', tally, index, counts.perClass[place]),
  );
  const cut = slicesOf(input.slices);
  return {
    rows,
    figures: classificationFigures(own),
    resamples: { counts: counts.resamples, scores: scores.resamples },
    ...foldsMember(input, answers, random),
    slices: cut.slices.map((slice) => ({
      ...slice,
      rows: slice.rows.length,
      figures: sliceFigures(partTally(truth, answers, slice.rows)),
      ...(before && {
        production: sliceFigures(partTally(truth, before, slice.rows)),
      }),
    })) satisfies Slice<ClassificationSlice>[],
    slicesCut: cut.cut,
    ...(before && { comparison: compared(input, { answers, before, own, counts, scores }) }),
    lookAt: errorsToLookAt({
      answers,
      production: before,
      lines,
      truth,
      scores: version.scores,
      classes,
    }),
    classes: classes.length,
    ...(positive !== undefined && {
      positive: classes[positive] ?? '',
      positiveFigures:
        perClass[shown.indexOf(positive)] ??
        perClassOf(classes[positive] ?? '', tally, positive, undefined),
    }),
    perClass,
    confusion: confusionOf({
      classes,
      truth,
      answered: answers,
      shown: classes.length <= ALL_CLASSES ? shown : undefined,
    }),
  };
}

interface Pair {
  readonly answers: Int32Array;
  readonly before: Int32Array;
  readonly own: Source;
  readonly counts: CountSamples;
  readonly scores: ReturnType<typeof bootstrapScores>;
}

function compared(
  { classes, truth }: ClassificationRows,
  { answers, before, own, counts, scores }: Pair,
): Comparison<ClassificationFigures> {
  const tally = tallyOf(classes.length, truth, before);
  const values = { ...countFigures(tally), ...scores.values.production };
  const differences = { ...own.values };
  for (const name of [...COUNT_FIGURES, ...SCORE_FIGURES]) differences[name] -= values[name];
  let onlyProductionRight = 0;
  let onlyVersionRight = 0;
  let changed = 0;
  for (let row = 0; row < truth.length; row++) {
    if (before[row] === answers[row]) continue;
    changed += 1;
    if (before[row] === truth[row]) onlyProductionRight += 1;
    if (answers[row] === truth[row]) onlyVersionRight += 1;
  }
  return {
    rows: truth.length,
    production: classificationFigures({
      values,
      samples: { ...counts.production, ...scores.production },
    }),
    difference: classificationFigures({
      values: differences,
      samples: { ...counts.difference, ...scores.difference },
    }),
    mcnemar: mcnemar(onlyProductionRight, onlyVersionRight),
    changed,
  };
}

/** All, or the largest. */
function shownClasses({ truth }: Tally): number[] {
  const all = [...truth.keys()];
  if (all.length <= ALL_CLASSES) return all;
  return all
    .sort((a, b) => (truth[b] ?? 0) - (truth[a] ?? 0) || a - b)
    .slice(0, LARGEST_CLASSES)
    .sort((a, b) => a - b);
}

/** The usual case of two classes is looking for the rare one. */
function rarerOfTwo({ truth }: Tally): number | undefined {
  if (truth.length !== 2) return undefined;
  return (truth[0] ?? 0) < (truth[1] ?? 0) ? 0 : 1;
}

function perClassOf(
  name: string,
  tally: Tally,
  index: number,
  samples: CountSamples['perClass'][number] | undefined,
): ClassFigures {
  const { precision, recall, f1 } = classFigures(tally, index);
  return {
    class: name,
    rows: tally.truth[index] ?? 0,
    answered: tally.answered[index] ?? 0,
    precision: figureOf(precision, samples?.precision) ?? { value: precision },
    recall: figureOf(recall, samples?.recall) ?? { value: recall },
    f1: figureOf(f1, samples?.f1) ?? { value: f1 },
  };
}

function sliceFigures(tally: Tally): ClassificationSlice {
  const right = tally.right.reduce((sum, rows) => sum + rows, 0);
  return { accuracy: wilson(right, tally.rows), macroF1: countFigures(tally).macroF1 };
}

function foldsMember(
  { truth }: ClassificationRows,
  answers: Int32Array,
  random: () => number,
): Pick<ClassificationQuality, 'folds'> {
  const strata = new Map<number, number[]>();
  for (const [row, of] of truth.entries()) {
    const stratum = strata.get(of);
    if (stratum) stratum.push(row);
    else strata.set(of, [row]);
  }
  const folds = foldsOf(
    dealFolds(strata.values(), random),
    (rows) => countFigures(partTally(truth, answers, rows)).macroF1,
  );
  return folds ? { folds } : {};
}
