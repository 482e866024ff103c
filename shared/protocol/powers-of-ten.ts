/** 10 ** i, each the nearest double; Number() is exact here, `**` is not on every engine. */
export const POWERS_OF_TEN = Float64Array.from({ length: 81 }, (_, exponent) =>
  Number(`1e${exponent}`),
);

/** Up to here the powers are exact: 5 ** 22 has 52 bits. */
export const LAST_EXACT_POWER = 22;
