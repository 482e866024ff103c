import { CLOSE_BRACKET, COMMA, MINUS, PLUS, POINT, ZERO } from './ascii.ts';
import type { JsonCursor } from './json-cursor.ts';
import { nearestDouble } from './nearest-double.ts';
import { LAST_EXACT_POWER, POWERS_OF_TEN } from './powers-of-ten.ts';

/** Which numbers a run takes. */
export interface NumberForm {
  /** Inclusive. */
  readonly least: number;
  readonly most: number;
  /** Only digits: no point, no exponent. */
  readonly integer: boolean;
  /** The values end as FP32: a double that rounds to the right one is as good as the nearest. */
  readonly single: boolean;
}

/** Numbers on their way from JSON to a typed array: `values[0 … filled)`. */
export interface NumberRun {
  readonly values: Float64Array;
  readonly form: NumberForm;
  /** Over the cursor's bytes, to read four digits at a time; it pays for itself in long data only. */
  readonly view: DataView | undefined;
  filled: number;
}

/** Integers below are exact doubles, sums and products of them included. */
const EXACT_BELOW = 2 ** 53;

// A mantissa of up to 18 digits plus what is cut off, and the power, are off by less than 2 ** -49.
const SLIGHTLY_MORE = 1 + 2 ** -48;
const SLIGHTLY_LESS = 1 - 2 ** -48;

/**
 * Takes numbers, separated by commas, from the cursor (which stands at one) while they are ordinary
 * and `run` has room below `limit`; the cursor is left behind the last one taken. Whatever is not
 * ordinary (a token, a value out of range, too many digits for a sure answer, bad grammar) is left
 * for json-number.ts, which reads or refuses it: this loop gives the same values and never refuses.
 *
 * The document must end, white space aside, with a byte that no number holds: no bound is checked.
 */
export function takeNumbers(cursor: JsonCursor, run: NumberRun, limit: number): void {
  const { bytes } = cursor;
  const { values, view } = run;
  const { least, most, integer, single } = run.form;
  // Before this position eighteen digits can be read in words without a look at the end.
  const wordsUntil = view ? view.byteLength - 24 : 0;
  let { filled } = run;
  let at = cursor.position;
  while (filled < limit) {
    let byte = bytes[at] as number;
    const negative = byte === MINUS;
    if (negative) byte = bytes[++at] as number;
    let digit = (byte - ZERO) >>> 0;
    if (digit > 9) break;

    // Digits are summed up in 32-bit integers, nine at a time.
    let part = digit;
    byte = bytes[++at] as number;
    if (digit !== 0) {
      const end = at + 8;
      while ((digit = (byte - ZERO) >>> 0) < 10 && at < end) {
        part = (Math.imul(part, 10) + digit) | 0;
        byte = bytes[++at] as number;
      }
    }
    let upper = part;
    if (part !== 0 && digit < 10) {
      const start = at;
      part = 0;
      while ((digit = (byte - ZERO) >>> 0) < 10 && at < start + 6) {
        part = (Math.imul(part, 10) + digit) | 0;
        byte = bytes[++at] as number;
      }
      upper = upper * (POWERS_OF_TEN[at - start] as number) + part;
    }

    let value = upper;
    if (byte === POINT || (byte | 0x20) === 0x65) {
      if (integer) break;
      let scale = 0;
      let lower = 0;
      let lowerDigits = 0;
      let cut = false;
      if (byte === POINT) {
        const point = at;
        byte = bytes[++at] as number;
        if (upper === 0) while (byte === ZERO) byte = bytes[++at] as number;
        let start = at;
        part = 0;
        if (at < wordsUntil) {
          let word = (view as DataView).getInt32(at, true) ^ ZEROS;
          if (areDigits(word)) {
            part = fourDigits(word);
            at += 4;
            word = (view as DataView).getInt32(at, true) ^ ZEROS;
            if (areDigits(word)) {
              part = (Math.imul(part, 10_000) + fourDigits(word)) | 0;
              at += 4;
            }
            byte = bytes[at] as number;
          }
        }
        while ((digit = (byte - ZERO) >>> 0) < 10 && at < start + 9) {
          part = (Math.imul(part, 10) + digit) | 0;
          byte = bytes[++at] as number;
        }
        upper = upper * (POWERS_OF_TEN[at - start] as number) + part;
        if (digit < 10) {
          start = at;
          if (at < wordsUntil) {
            let word = (view as DataView).getInt32(at, true) ^ ZEROS;
            if (areDigits(word)) {
              lower = fourDigits(word);
              at += 4;
              word = (view as DataView).getInt32(at, true) ^ ZEROS;
              if (areDigits(word)) {
                lower = (Math.imul(lower, 10_000) + fourDigits(word)) | 0;
                at += 4;
              }
              byte = bytes[at] as number;
            }
          }
          while ((digit = (byte - ZERO) >>> 0) < 10 && at < start + 9) {
            lower = (Math.imul(lower, 10) + digit) | 0;
            byte = bytes[++at] as number;
          }
          lowerDigits = at - start;
        }
        scale = at - point - 1;
        if (scale === 0) break;
        if (digit < 10) {
          cut = true;
          while ((byte - ZERO) >>> 0 < 10) byte = bytes[++at] as number;
        }
      }
      if ((byte | 0x20) === 0x65) {
        byte = bytes[++at] as number;
        const minus = byte === MINUS;
        if (minus || byte === PLUS) byte = bytes[++at] as number;
        const start = at;
        part = 0;
        while ((digit = (byte - ZERO) >>> 0) < 10 && at < start + 4) {
          part = (Math.imul(part, 10) + digit) | 0;
          byte = bytes[++at] as number;
        }
        if (at === start) break;
        scale += minus ? part : -part;
      }
      const mantissa = upper * (POWERS_OF_TEN[lowerDigits] as number) + lower;
      const magnitude = scale < 0 ? -scale : scale;
      if (magnitude <= LAST_EXACT_POWER && mantissa < EXACT_BELOW && !cut) {
        const power = POWERS_OF_TEN[magnitude] as number;
        value = scale < 0 ? mantissa * power : mantissa / power;
      } else if (single) {
        if (magnitude >= POWERS_OF_TEN.length) break;
        const power = POWERS_OF_TEN[magnitude] as number;
        value = scale < 0 ? mantissa * power : mantissa / power;
        if (Math.fround(value * SLIGHTLY_MORE) !== Math.fround(value * SLIGHTLY_LESS)) break;
      } else {
        if (cut || scale < 0 || scale > LAST_EXACT_POWER || upper >= EXACT_BELOW) break;
        value = nearestDouble(upper, lowerDigits, lower, scale);
      }
    }
    if (negative) value = -value;
    // Also when it is NaN: too close to call.
    if (!(value >= least && value <= most)) break;
    while (byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09) {
      byte = bytes[++at] as number;
    }
    if (byte !== COMMA && byte !== CLOSE_BRACKET) break;
    values[filled++] = value;
    cursor.position = at;
    if (byte === CLOSE_BRACKET) break;
    do byte = bytes[++at] as number;
    while (byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09);
  }
  run.filled = filled;
}

/** Four times the digit 0. */
const ZEROS = 0x3030_3030;

/** Whether each byte is 0 to 9. */
function areDigits(word: number): boolean {
  return (((word + 0x0606_0606) | word) & 0xf0f0_f0f0) === 0;
}

/** The number that four digits make, the first in the lowest byte (D. Lemire, "Quickly parsing eight digits", 2018). */
function fourDigits(word: number): number {
  const pairs = (Math.imul(word, 10) + (word >>> 8)) & 0x00ff_00ff;
  return (Math.imul(pairs, 100) + (pairs >>> 16)) & 0xffff;
}
