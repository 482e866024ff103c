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

const MOST_CHARACTERS = 100;

/** A name from somebody's file, cut so that it fits into a report. */
export function clipped(name: string): string {
  return name.length <= MOST_CHARACTERS ? name : `${name.slice(0, MOST_CHARACTERS)}…`;
}
