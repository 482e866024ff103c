/** A figure with its 95 % bootstrap interval; without one where that would take too long or can't be told. */
export interface Figure {
  readonly value: number;
  readonly low?: number;
  readonly high?: number;
}

/** What `Quality` is made of; all of it is JSON, and bounded whatever the number of classes and rows. */
interface Assessed<Figures, SliceFigures> {
  /** Labelled rows that the version answered. */
  readonly rows: number;
  readonly figures: Figures;
  /** How often the intervals' bootstrap drew the rows anew: for what is counted, and for the rest. */
  readonly resamples: { readonly counts: number; readonly scores: number };
  /** The primary figure in each of k stratified folds of the rows; absent for very few rows. */
  readonly folds?: Folds;
  readonly slices: readonly Slice<SliceFigures>[];
  /** Columns with more values than were looked at: the rarest are left out. */
  readonly slicesCut: readonly string[];
  /** Production's answers to the same rows. */
  readonly comparison?: Comparison<Figures>;
  /** At most 20: what production has right and the version wrong, surest first, else the worst errors. */
  readonly lookAt: readonly RowToLookAt[];
}

/** The figures of the readiness report, by scikit-learn's definitions. */
export type Quality =
  | ({ readonly task: 'classification' } & ClassificationQuality)
  | ({ readonly task: 'regression' } & RegressionQuality);

export interface RegressionQuality extends Assessed<RegressionFigures, RegressionSlice> {
  /** Rows whose answer is no finite number; they are in no figure. */
  readonly notNumbers: number;
}

export interface ClassificationQuality
  extends Assessed<ClassificationFigures, ClassificationSlice> {
  /** How many there are. */
  readonly classes: number;
  /** The class that F1 is gated for: the card's, else the rarer of two; absent for more. */
  readonly positive?: string;
  readonly positiveFigures?: ClassFigures;
  /** Every class by its index; of more than 100, the 50 with the most rows. */
  readonly perClass: readonly ClassFigures[];
  readonly confusion: Confusion;
}

export interface Averages {
  readonly precision: Figure;
  readonly recall: Figure;
  readonly f1: Figure;
}

export interface ClassificationFigures {
  readonly accuracy: Figure;
  /** Mean recall of the classes that have rows. */
  readonly balancedAccuracy: Figure;
  /**
   * Balanced accuracy put on a scale where always answering the same is 0 and always being right is
   * 1; absent when the rows are all of one class.
   */
  readonly aboveChance?: Figure;
  /** Over the classes that have rows or are answered. The primary figure is `macro.f1`. */
  readonly macro: Averages;
  /** Weighted by the classes' rows. */
  readonly weighted: Averages;
  /** Of two classes the positive's, of more the mean of one against the rest. Absent without scores. */
  readonly rocAuc?: Figure;
  /** Absent where the scores aren't probabilities. */
  readonly logLoss?: Figure;
}

export interface ClassFigures extends Averages {
  readonly class: string;
  readonly rows: number;
  /** Rows that were answered with it. */
  readonly answered: number;
}

export interface Confusion {
  /** Rows by true class, then by answered class, both as `perClass` lists them. At most 100 classes. */
  readonly counts?: readonly (readonly number[])[];
  /** Rows whose answer is no class at all. */
  readonly noClass: number;
  /** Most frequent errors, at most 20. */
  readonly top: readonly {
    readonly truth: string;
    readonly answered: string;
    readonly rows: number;
  }[];
}

/** The primary figure is `rmse`. */
export interface RegressionFigures {
  readonly mae: Figure;
  readonly rmse: Figure;
  /** Absent when all rows have the same value. */
  readonly r2?: Figure;
}

export interface Folds {
  /** The primary figure of each. */
  readonly values: readonly number[];
  readonly mean: number;
  /** Sample standard deviation. */
  readonly deviation: number;
}

/** The rows that have one value, or one range of values, in a column. */
export interface Slice<Figures> {
  readonly column: string;
  readonly value: string;
  readonly rows: number;
  /** So few rows that the figures say little. */
  readonly small: boolean;
  readonly figures: Figures;
  readonly production?: Figures;
}

export interface ClassificationSlice {
  /** Its interval is Wilson's. */
  readonly accuracy: Figure;
  readonly macroF1: number;
}

export interface RegressionSlice {
  readonly mae: number;
  readonly rmse: number;
}

export interface Comparison<Figures> {
  /** That both answered. */
  readonly rows: number;
  readonly production: Figures;
  /** Version − production, with intervals of the paired bootstrap. */
  readonly difference: Figures;
  /** Whether the two are right equally often; of classifiers. */
  readonly mcnemar?: McNemar;
  /** Rows that the two answer with different classes; of classifiers. */
  readonly changed?: number;
}

export interface McNemar {
  readonly onlyProductionRight: number;
  readonly onlyVersionRight: number;
  readonly test: 'exact binomial' | 'chi-squared with continuity correction';
  /** Two-sided. */
  readonly p: number;
}

export interface RowToLookAt {
  /** Of the evaluation file. */
  readonly line: number;
  readonly truth: string | number;
  /** Absent: no known class, or no number. */
  readonly answered?: string | number;
  readonly production?: string | number;
  /** The answered class's score. */
  readonly confidence?: number;
}
