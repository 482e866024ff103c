/** What one version answered, row for row. */
export interface Predictions {
  /**
   * Index into `classes`; -1: an answer that is none of them, which is wrong. Absent: the class of
   * the highest score.
   */
  readonly labels?: Int32Array;
  /** Row-major [N, classes]. One probability alone, of class 1, is [1 − p, p]. */
  readonly scores?: Float64Array;
  /** Of a regression. */
  readonly values?: Float64Array;
}

interface Rows {
  /** Absent: there is none to compare with. */
  readonly production?: Predictions;
  readonly version: Predictions;
  readonly slices: readonly { readonly column: string; readonly values: readonly string[] }[];
  /** Line of each row in the evaluation file. */
  readonly lines: Int32Array;
  /** Of the bootstrap and the folds: the same seed gives the same report. */
  readonly seed: number;
}

export interface ClassificationRows extends Rows {
  readonly task: 'classification';
  readonly classes: readonly string[];
  /** Index into `classes`. */
  readonly positive?: number;
  /** Index into `classes`; rows without a known class are left out before. */
  readonly truth: Int32Array;
}

export interface RegressionRows extends Rows {
  readonly task: 'regression';
  /** Finite; rows without a number are left out before. */
  readonly truth: Float64Array;
}

/** Answers to the labelled rows of an evaluation file; rows that failed are left out before. */
export type QualityInput = ClassificationRows | RegressionRows;
