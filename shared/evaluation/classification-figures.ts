import { figureOf } from './bootstrap.ts';
import type { CountFigure } from './count-figures.ts';
import type { Averages, ClassificationFigures, Figure } from './quality.ts';
import type { Samples } from './samples.ts';
import type { ScoreFigure } from './score-figures.ts';

/** Each figure with its resamples; NaN: there is no such figure. */
export interface Source {
  readonly values: Record<CountFigure | ScoreFigure, number>;
  readonly samples: Partial<Samples<CountFigure | ScoreFigure>>;
}

export function classificationFigures({ values, samples }: Source): ClassificationFigures {
  const optional = (name: keyof typeof values): Figure | undefined =>
    figureOf(values[name], samples[name]);
  const figure = (name: CountFigure): Figure => optional(name) ?? { value: 0 };
  const averages = (of: 'macro' | 'weighted'): Averages => ({
    precision: figure(`${of}Precision`),
    recall: figure(`${of}Recall`),
    f1: figure(`${of}F1`),
  });
  const aboveChance = optional('aboveChance');
  const rocAuc = optional('rocAuc');
  const logLoss = optional('logLoss');
  return {
    accuracy: figure('accuracy'),
    balancedAccuracy: figure('balancedAccuracy'),
    ...(aboveChance && { aboveChance }),
    macro: averages('macro'),
    weighted: averages('weighted'),
    ...(rocAuc && { rocAuc }),
    ...(logLoss && { logLoss }),
  };
}
