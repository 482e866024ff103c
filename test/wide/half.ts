/** The value of IEEE 754 binary16 bits. */
export function halfValue(bits: number): number {
  const sign = bits >> 15 ? -1 : 1;
  const exponent = (bits >> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0x1f) return fraction ? Number.NaN : sign * Number.POSITIVE_INFINITY;
  return exponent === 0
    ? sign * fraction * 2 ** -24
    : sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

/** The bits of a value that binary16 can hold exactly. @throws Error for any other */
export function halfBits(value: number): number {
  const sign = value < 0 || Object.is(value, -0) ? 0x8000 : 0;
  const size = Math.abs(value);
  if (Number.isNaN(value)) return 0x7e00;
  if (size === Number.POSITIVE_INFINITY) return sign | 0x7c00;
  const exponent = Math.max(Math.floor(Math.log2(size)), -14);
  const fraction = size * 2 ** (10 - exponent);
  // Subnormals have the exponent bits 0, and no implicit 1.
  const bits = size < 2 ** -14 ? fraction : ((exponent + 15) << 10) + fraction - 1024;
  if (!Number.isInteger(bits)) throw new Error(`${value} is no half-precision number`);
  return sign | bits;
}
