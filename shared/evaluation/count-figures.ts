import type { Tally } from './tally.ts';

/** Figures that follow from a confusion matrix alone; NaN where there is none. */
export const COUNT_FIGURES = [
  'accuracy',
  'balancedAccuracy',
  'aboveChance',
  'macroPrecision',
  'macroRecall',
  'macroF1',
  'weightedPrecision',
  'weightedRecall',
  'weightedF1',
] as const;
export type CountFigure = (typeof COUNT_FIGURES)[number];

/**
 * As scikit-learn's accuracy_score, balanced_accuracy_score (`aboveChance` is its `adjusted=True`)
 * and precision_recall_fscore_support with zero_division=0 over the classes that have rows or are
 * answered.
 */
export function countFigures(tally: Tally): Record<CountFigure, number> {
  const { rows, right, truth, answered } = tally;
  const macro = { precision: 0, recall: 0, f1: 0 };
  const weighted = { precision: 0, recall: 0, f1: 0 };
  let seen = 0;
  let withRows = 0;
  let correct = 0;
  for (let index = 0; index < truth.length; index++) {
    const ofIt = truth[index] ?? 0;
    if (ofIt === 0 && (answered[index] ?? 0) === 0) continue;
    const { precision, recall, f1 } = classFigures(tally, index);
    seen += 1;
    if (ofIt > 0) withRows += 1;
    correct += right[index] ?? 0;
    macro.precision += precision;
    macro.recall += recall;
    macro.f1 += f1;
    weighted.precision += precision * ofIt;
    weighted.recall += recall * ofIt;
    weighted.f1 += f1 * ofIt;
  }
  return {
    accuracy: correct / rows,
    balancedAccuracy: macro.recall / withRows,
    aboveChance: withRows > 1 ? (macro.recall - 1) / (withRows - 1) : NaN,
    macroPrecision: macro.precision / seen,
    macroRecall: macro.recall / seen,
    macroF1: macro.f1 / seen,
    weightedPrecision: weighted.precision / rows,
    weightedRecall: weighted.recall / rows,
    weightedF1: weighted.f1 / rows,
  };
}

/** Precision, recall and F1 of one class; 0 where there is nothing to divide by. */
export function classFigures(
  { right, truth, answered }: Tally,
  index: number,
): { precision: number; recall: number; f1: number } {
  const both = right[index] ?? 0;
  const ofIt = truth[index] ?? 0;
  const toIt = answered[index] ?? 0;
  return {
    precision: toIt === 0 ? 0 : both / toIt,
    recall: ofIt === 0 ? 0 : both / ofIt,
    f1: ofIt + toIt === 0 ? 0 : (2 * both) / (ofIt + toIt),
  };
}
