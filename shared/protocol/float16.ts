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
  const exponent = Math.floor(Math.log2(magnitude));
  // log2 may be off by one next to a power of two.
  const floor =
    2 ** exponent > magnitude
      ? exponent - 1
      : 2 ** (exponent + 1) <= magnitude
        ? exponent + 1
        : exponent;
  const significand = roundHalfEven((magnitude / 2 ** floor) * 1024);
  // A significand rounded up to 2048 carries into the exponent by plain addition.
  return sign | (((floor + 15) << 10) + (significand - 1024));
}

function roundHalfEven(value: number): number {
  const floor = Math.floor(value);
  const rest = value - floor;
  if (rest > 0.5 || (rest === 0.5 && floor % 2 === 1)) return floor + 1;
  return floor;
}
