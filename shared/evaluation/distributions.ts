/** 97.5 % quantile of the normal distribution. */
export const Z_95 = 1.959963984540054;

/**
 * Two-sided p-value of `successes` of `tries` at even odds: twice the smaller tail, at most 1.
 * Exact up to rounding for tries < 1,000.
 */
export function binomialTest(successes: number, tries: number): number {
  const smaller = Math.min(successes, tries - successes);
  let mass = 2 ** -tries;
  let tail = mass;
  for (let count = 1; count <= smaller; count++) {
    mass *= (tries - count + 1) / count;
    tail += mass;
  }
  return Math.min(1, 2 * tail);
}

/** P(X ≥ x) of the chi-squared distribution with one degree of freedom. */
export function chiSquaredTail(x: number): number {
  return x <= 0 ? 1 : erfc(Math.sqrt(x / 2));
}

/** From here on the fraction converges faster than the series, and loses no digits to 1 − erf. */
const SERIES_UNTIL = 1.5;

/**
 * The complementary error function for x ≥ 0, to 1e-13 of itself: Abramowitz and Stegun 7.1.6 (the
 * series of erf) and 7.1.14 (the continued fraction of erfc, from its end).
 */
function erfc(x: number): number {
  if (x < SERIES_UNTIL) {
    let term = x;
    let sum = x;
    for (let n = 1; term > sum * 1e-17; n++) {
      term *= (2 * x * x) / (2 * n + 1);
      sum += term;
    }
    return 1 - (2 / Math.sqrt(Math.PI)) * Math.exp(-x * x) * sum;
  }
  let fraction = x;
  for (let n = 150; n >= 1; n--) fraction = x + n / 2 / fraction;
  return Math.exp(-x * x) / Math.sqrt(Math.PI) / fraction;
}
