export const REGRESSION_FIGURES = ['mae', 'rmse', 'r2'] as const;
export type RegressionFigure = (typeof REGRESSION_FIGURES)[number];

/**
 * As scikit-learn's mean_absolute_error, root_mean_squared_error and r2_score. A row counts
 * `weights` times, once without. `r2` is NaN when all values are the same.
 */
export function regressionFigures(
  truth: Float64Array,
  answered: Float64Array,
  weights?: Float64Array,
): Record<RegressionFigure, number> {
  let rows = 0;
  let sum = 0;
  let absolute = 0;
  let squared = 0;
  for (let row = 0; row < truth.length; row++) {
    const weight = weights ? (weights[row] ?? 0) : 1;
    const error = (answered[row] ?? NaN) - (truth[row] ?? NaN);
    rows += weight;
    sum += weight * (truth[row] ?? NaN);
    absolute += weight * (error < 0 ? -error : error);
    squared += weight * error * error;
  }
  const mean = sum / rows;
  let total = 0;
  for (let row = 0; row < truth.length; row++) {
    const weight = weights ? (weights[row] ?? 0) : 1;
    total += weight * ((truth[row] ?? NaN) - mean) ** 2;
  }
  return {
    mae: absolute / rows,
    rmse: Math.sqrt(squared / rows),
    r2: total > 0 ? 1 - squared / total : NaN,
  };
}
