import type { Figure } from './quality.ts';

/** `0.97 (0.95 to 0.98)` */
export function written({ value, low, high }: Figure): string {
  if (low === undefined || high === undefined) return short(value);
  return `${short(value)} (${short(low)} to ${short(high)})`;
}

/** With four digits. */
export function short(value: number): string {
  return String(Number(value.toPrecision(4)));
}
