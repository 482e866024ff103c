import { POWERS_OF_TEN } from './powers-of-ten.ts';

/** 2 ** 27 + 1: splits a double into two halves of 26 bits. */
const SPLITTER = 134_217_729;

/** A bound on this file's own relative error, with room: the terms below are each within 2 ** -104. */
const ERROR = 2 ** -100;

/**
 * The double nearest to (upper × 10 ** digits + lower) ÷ 10 ** scale, or NaN when it lies too close
 * to the middle between two doubles to say. `upper` is an exact integer below 2 ** 53, `lower` one
 * below 10 ** digits, `digits` and `scale` are at most 22. With error-free products and sums
 * (T. J. Dekker, "A floating-point technique for extending the available precision", 1971).
 */
export function nearestDouble(upper: number, digits: number, lower: number, scale: number): number {
  const power = POWERS_OF_TEN[digits] as number;
  const product = upper * power;
  const sum = product + lower;
  const rest = productError(upper, power, product) + sumError(product, lower, sum);
  const divisor = POWERS_OF_TEN[scale] as number;
  const quotient = sum / divisor;
  const back = quotient * divisor;
  const correction = (sum - back - productError(quotient, divisor, back) + rest) / divisor;
  const error = quotient * ERROR;
  const least = quotient + (correction - error);
  return least === quotient + (correction + error) ? least : Number.NaN;
}

/** a × b − product, exactly. */
function productError(a: number, b: number, product: number): number {
  const splitA = SPLITTER * a;
  const highA = splitA - (splitA - a);
  const lowA = a - highA;
  const splitB = SPLITTER * b;
  const highB = splitB - (splitB - b);
  const lowB = b - highB;
  return lowA * lowB - (product - highA * highB - lowA * highB - highA * lowB);
}

/** a + b − sum, exactly. */
function sumError(a: number, b: number, sum: number): number {
  const second = sum - a;
  return a - (sum - second) + (b - second);
}
