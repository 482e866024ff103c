import { LOWER_E, MINUS, POINT, ZERO } from './ascii.ts';

/** No number written here takes more bytes, a comma behind it included. */
export const MAX_NUMBER_BYTES = 32;

/** The nearest doubles to 10 ** -38 … 10 ** 46: from FP32's magnitudes, and to nine digits of them. */
const LEAST_POWER = 38;
const POWERS = Float64Array.from({ length: 85 }, (_, index) => Number(`1e${index - LEAST_POWER}`));

/** By an FP32's biased exponent: the decimal exponent of its power of two, and half its last place. */
const DECIMAL_EXPONENTS = Int8Array.from({ length: 255 }, (_, biased) =>
  Math.floor((biased - 127) * Math.LOG10E * Math.LN2),
);
const HALF_PLACES = Float64Array.from({ length: 255 }, (_, biased) => 2 ** (biased - 127 - 24));

/** The two digits of 0 to 99. */
const PAIRS = Buffer.from(
  Array.from({ length: 100 }, (_, number) => String(number).padStart(2, '0')).join(''),
);

const single = new Float32Array(1);
const singleBits = new Uint32Array(single.buffer);

/**
 * Writes a value that FP32 holds with the fewest of 7, 8 or 9 digits that read back to it, without
 * trailing zeros: 0.1, where the double in between would be 0.10000000149011612. Laid out as
 * JavaScript does; NaN and the infinities are the tokens that Triton writes.
 * Answers the position behind it; MAX_NUMBER_BYTES must be free.
 */
export function writeSingle(bytes: Uint8Array, start: number, value: number): number {
  let at = start;
  const whole = value | 0;
  if (whole === value && (whole !== 0 || !Object.is(value, -0))) {
    return writeInteger(bytes, at, whole);
  }
  single[0] = value;
  const bits = singleBits[0] as number;
  const biased = (bits >>> 23) & 0xff;
  // Zero, the subnormal, the infinite and NaN are rare.
  if (biased === 0 || biased === 255) return writeDouble(bytes, at, value);
  if (value < 0) bytes[at++] = MINUS;
  const magnitude = value < 0 ? -value : value;

  let exponent = DECIMAL_EXPONENTS[biased] as number;
  if (magnitude >= (POWERS[exponent + 1 + LEAST_POWER] as number)) exponent++;
  let places = 8 - exponent;
  const power = POWERS[places + LEAST_POWER] as number;
  // Nine digits before the point, and how far another number may be off to read back as this one
  // (half as far for a power of two, whose lower neighbour is nearer). Both are exact within 1e-6.
  const scaled = magnitude * power;
  const reach =
    (HALF_PLACES[biased] as number) * ((bits & 0x7f_ffff) === 0 ? 0.5 : 1) * power - 1e-6;
  let digits = (scaled * 0.01 + 0.5) | 0;
  if (Math.abs(digits * 100 - scaled) < reach) {
    places -= 2;
    for (let tenth = (digits / 10) | 0; tenth * 10 === digits; tenth = (digits / 10) | 0) {
      digits = tenth;
      places--;
    }
  } else {
    digits = (scaled * 0.1 + 0.5) | 0;
    if (Math.abs(digits * 10 - scaled) < reach) places--;
    else digits = (scaled + 0.5) | 0;
  }
  return writeDecimal(bytes, at, digits, places);
}

/** Writes an integer that a double holds exactly. */
export function writeInteger(bytes: Uint8Array, start: number, value: number): number {
  let at = start;
  if (value < 0) bytes[at++] = MINUS;
  const magnitude = value < 0 ? -value : value;
  if (magnitude < 1e9) return writeDigits(bytes, at, magnitude | 0, digitCount(magnitude | 0));
  const billions = Math.floor(magnitude / 1e9);
  at = writeDigits(bytes, at, billions | 0, digitCount(billions | 0));
  return writeDigits(bytes, at, (magnitude - billions * 1e9) | 0, 9);
}

/** Writes a double as JavaScript does, but -0 with its sign. */
export function writeDouble(bytes: Uint8Array, start: number, value: number): number {
  return writeAscii(bytes, start, Object.is(value, -0) ? '-0' : String(value));
}

/** Writes a short text of ASCII. */
export function writeAscii(bytes: Uint8Array, start: number, text: string): number {
  for (let index = 0; index < text.length; index++) bytes[start + index] = text.charCodeAt(index);
  return start + text.length;
}

/** digits × 10 ** -places in JavaScript's layout (Number::toString of ECMA-262). */
function writeDecimal(bytes: Uint8Array, start: number, digits: number, places: number): number {
  const count = digitCount(digits);
  // The point's position behind the first digit's place.
  const point = count - places;
  let at = start;
  if (point > 21 || point < -5) {
    at = writeDigits(bytes, at + 1, digits, count);
    bytes[start] = bytes[start + 1] as number;
    if (count === 1) at--;
    else bytes[start + 1] = POINT;
    bytes[at++] = LOWER_E;
    // JavaScript's plus sign says nothing more.
    return writeInteger(bytes, at, point - 1);
  }
  if (point <= 0) {
    bytes[at++] = ZERO;
    bytes[at++] = POINT;
    for (let zeros = point; zeros < 0; zeros++) bytes[at++] = ZERO;
    return writeDigits(bytes, at, digits, count);
  }
  if (point >= count) {
    at = writeDigits(bytes, at, digits, count);
    for (let zeros = count; zeros < point; zeros++) bytes[at++] = ZERO;
    return at;
  }
  at = writeDigits(bytes, at + 1, digits, count);
  for (let index = start; index < start + point; index++) bytes[index] = bytes[index + 1] as number;
  bytes[start + point] = POINT;
  return at;
}

/** Writes the last `count` digits of a number below 1e9, zeros in front included. */
function writeDigits(bytes: Uint8Array, start: number, number: number, count: number): number {
  let rest = number;
  let at = start + count;
  while (at - start >= 2) {
    const hundreds = (rest / 100) | 0;
    const pair = (rest - hundreds * 100) * 2;
    bytes[--at] = PAIRS[pair + 1] as number;
    bytes[--at] = PAIRS[pair] as number;
    rest = hundreds;
  }
  if (at > start) bytes[start] = ZERO + (rest % 10);
  return start + count;
}

function digitCount(number: number): number {
  if (number < 1e5) {
    if (number < 100) return number < 10 ? 1 : 2;
    return number < 1e3 ? 3 : number < 1e4 ? 4 : 5;
  }
  if (number < 1e7) return number < 1e6 ? 6 : 7;
  return number < 1e8 ? 8 : 9;
}
