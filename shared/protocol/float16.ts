// IEEE 754 binary16 as bit patterns; Node 20 has no Float16Array. The rounding is to nearest, ties
// to even, straight from the 64-bit value: going over binary32 would round twice.

/** The value of a binary16 bit pattern. */
export function float16ToNumber(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 31) return fraction ? Number.NaN : sign * Number.POSITIVE_INFINITY;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

/** The nearest binary16 bit pattern; beyond 65,504 (after rounding) it is an infinity's. */
export function numberToFloat16(value: number): number {
  if (Number.isNaN(value)) return 0x7e00;
  const sign = value < 0 || Object.is(value, -0) ? 0x8000 : 0;
  const magnitude = Math.abs(value);
  if (magnitude >= 65520) return sign | 0x7c00;
  if (magnitude < 2 ** -14) return sign | roundHalfEven(magnitude * 2 ** 24);
  double[0] = magnitude;
  const exponent = ((doubleBits[1] as number) >>> 20) - 1023;
  const significand = roundHalfEven(magnitude * (TO_SIGNIFICAND[exponent + 14] as number));
  // A significand rounded up to 2048 carries into the exponent by plain addition.
  return sign | (((exponent + 15) << 10) + (significand - 1024));
}

const double = new Float64Array(1);
const doubleBits = new Uint32Array(double.buffer);

/** By exponent, -14 to 15: what brings a number of it to 1024 … 2047. */
const TO_SIGNIFICAND = Float64Array.from({ length: 30 }, (_, index) => 2 ** (10 - (index - 14)));

function roundHalfEven(value: number): number {
  const floor = Math.floor(value);
  const rest = value - floor;
  if (rest > 0.5 || (rest === 0.5 && floor % 2 === 1)) return floor + 1;
  return floor;
}
