/** Probabilities are kept this far from 0 and 1, as scikit-learn does: the spacing of FP64 at 1. */
const EPSILON = 2 ** -52;
/** How far a row may be from adding up to 1: FP16 models are that coarse. */
const SUM_TOLERANCE = 1e-2;
const RANGE_TOLERANCE = 1e-6;

/**
 * −ln of the probability that each row's true class was given. Undefined when the scores, row-major
 * [N, classes], aren't probabilities.
 */
export function logLosses(
  scores: Float64Array,
  classes: number,
  truth: Int32Array,
): Float64Array | undefined {
  const losses = new Float64Array(truth.length);
  for (let row = 0; row < truth.length; row++) {
    let sum = 0;
    for (let column = 0; column < classes; column++) {
      const score = scores[row * classes + column] ?? NaN;
      if (!(score >= -RANGE_TOLERANCE && score <= 1 + RANGE_TOLERANCE)) return undefined;
      sum += score;
    }
    if (Math.abs(sum - 1) > SUM_TOLERANCE) return undefined;
    const given = scores[row * classes + (truth[row] ?? 0)] ?? 0;
    losses[row] = -Math.log(Math.min(Math.max(given, EPSILON), 1 - EPSILON));
  }
  return losses;
}
