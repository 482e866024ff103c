import { MINUS, NINE, PLUS, POINT, UPPER_I, UPPER_N, ZERO } from './ascii.ts';
import type { JsonTokens } from './json-tokens.ts';
import { LAST_EXACT_POWER, POWERS_OF_TEN } from './powers-of-ten.ts';

/**
 * A JSON number, or one of the tokens NaN, Infinity and -Infinity (as Triton writes them), as the
 * nearest double. Up to 15 digits and a power of ten up to 22 take the exact fast path (Clinger,
 * "How to read floating point numbers accurately", 1990); the rest goes through Number().
 * @throws ServingError `malformed`
 */
export function readNumber(cursor: JsonTokens, where: string): number {
  cursor.peek();
  const { bytes, position: start } = cursor;
  let at = start;
  const negative = bytes[at] === MINUS;
  if (negative) at++;
  const first = bytes[at] ?? 0;
  if (first === UPPER_N || first === UPPER_I) return readToken(cursor, negative, where);
  if (first < ZERO || first > NINE) cursor.fail(`a number for ${where}`);

  let mantissa = 0;
  const firstDigit = at;
  for (let byte = first; byte >= ZERO && byte <= NINE; byte = bytes[++at] ?? 0) {
    mantissa = mantissa * 10 + (byte - ZERO);
  }
  let digits = at - firstDigit;
  if (first === ZERO && digits > 1) cursor.fail(`a number without leading zeros for ${where}`);
  let exponent = 0;
  if (bytes[at] === POINT) {
    const firstDecimal = ++at;
    for (let byte = bytes[at] ?? 0; byte >= ZERO && byte <= NINE; byte = bytes[++at] ?? 0) {
      mantissa = mantissa * 10 + (byte - ZERO);
    }
    if (at === firstDecimal) cursor.fail(`a digit after the decimal point for ${where}`);
    exponent = firstDecimal - at;
    digits += at - firstDecimal;
  }
  if (((bytes[at] ?? 0) | 0x20) === 0x65) {
    at++;
    const minus = bytes[at] === MINUS;
    if (minus || bytes[at] === PLUS) at++;
    const firstPower = at;
    let power = 0;
    for (let byte = bytes[at] ?? 0; byte >= ZERO && byte <= NINE; byte = bytes[++at] ?? 0) {
      power = Math.min(power * 10 + (byte - ZERO), 100_000);
    }
    if (at === firstPower) cursor.fail(`a digit in the exponent for ${where}`);
    exponent += minus ? -power : power;
  }
  cursor.position = at;
  if (digits > 15 || Math.abs(exponent) > LAST_EXACT_POWER) {
    return Number(cursor.ascii(start, at));
  }
  const value =
    exponent < 0
      ? mantissa / (POWERS_OF_TEN[-exponent] as number)
      : mantissa * (POWERS_OF_TEN[exponent] as number);
  return negative ? -value : value;
}

/**
 * An integer of up to 64 bits, exact; undefined when the number is no integer. Digits alone are
 * read exactly; with a point or an exponent the value must be an integer a double holds exactly.
 */
export function readInteger64(cursor: JsonTokens, where: string): bigint | undefined {
  cursor.peek();
  const start = cursor.position;
  const value = readNumber(cursor, where);
  if (Number.isSafeInteger(value)) return BigInt(value);
  const text = cursor.ascii(start, cursor.position);
  return /^-?[0-9]{1,20}$/.test(text) ? BigInt(text) : undefined;
}

function readToken(cursor: JsonTokens, negative: boolean, where: string): number {
  for (const [token, value] of [
    ['NaN', Number.NaN],
    ['Infinity', Number.POSITIVE_INFINITY],
    ['-Infinity', Number.NEGATIVE_INFINITY],
  ] as const) {
    if (negative !== token.startsWith('-')) continue;
    if (cursor.passLiteral(token)) return value;
  }
  return cursor.fail(`a number, NaN, Infinity or -Infinity for ${where}`);
}
