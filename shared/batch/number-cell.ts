import { MINUS, POINT } from '../protocol/ascii.ts';
import { nearestDouble } from '../protocol/nearest-double.ts';
import { POWERS_OF_TEN } from '../protocol/powers-of-ten.ts';

/** Digits that a double holds whatever they are. */
const EXACT_DIGITS = 15;
/** Digits that `nearestDouble` takes. */
const MOST_DIGITS = 22;

/**
 * Digits with a point or without, and a minus sign or none, as the nearest double; NaN for all else.
 * Up to 15 digits take the exact fast path (Clinger, "How to read floating point numbers
 * accurately", 1990).
 */
export function readPlainNumber(bytes: Uint8Array, start: number, end: number): number {
  let at = start;
  const negative = bytes[at] === MINUS;
  if (negative) at++;
  const first = at;
  let point = -1;
  let mantissa = 0;
  const exactEnd = Math.min(end, first + EXACT_DIGITS);
  for (; at < exactEnd; at++) {
    const byte = bytes[at] as number;
    const digit = byte - 0x30;
    if (digit >= 0 && digit <= 9) mantissa = mantissa * 10 + digit;
    else if (byte === POINT && point < 0) point = at;
    else return Number.NaN;
  }
  if (at === end) {
    const digits = point < 0 ? at - first : at - first - 1;
    if (digits <= 0) return Number.NaN;
    const value = point < 0 ? mantissa : mantissa / (POWERS_OF_TEN[end - point - 1] as number);
    return negative ? -value : value;
  }
  let rest = 0;
  const exact = at;
  for (; at < end; at++) {
    const byte = bytes[at] as number;
    const digit = byte - 0x30;
    if (digit >= 0 && digit <= 9) rest = rest * 10 + digit;
    else if (byte === POINT && point < 0) point = at;
    else return Number.NaN;
  }
  const places = end - exact - (point >= exact ? 1 : 0);
  const scale = point < 0 ? 0 : end - point - 1;
  if (end - first > MOST_DIGITS) return Number.NaN;
  // A difference too fine for this is NaN as well.
  const value = nearestDouble(mantissa, places, rest, scale);
  return negative ? -value : value;
}

const NUMBER = /^[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?$/;
const SPECIAL = /^([+-]?)(?:(nan)|inf(?:inity)?)$/i;

/** Any way to write a number; undefined for what is none. `special`: NaN or an infinity, in words. */
export function readNumberText(text: string): { value: number; special: boolean } | undefined {
  if (NUMBER.test(text)) return { value: Number(text), special: false };
  const special = SPECIAL.exec(text);
  if (!special) return undefined;
  const infinity = special[1] === '-' ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
  return { value: special[2] ? Number.NaN : infinity, special: true };
}
