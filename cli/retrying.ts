import { codeOf } from './failure.ts';

/** Attempts in all, and how long to wait between them. */
export interface Patience {
  readonly attempts: number;
  /** Whether a server that isn't there may come back: it is for one that was there a moment ago. */
  readonly refused: boolean;
}

export const USUAL: Patience = { attempts: 6, refused: false };
/** For something that has begun and goes on without us: about four minutes. */
export const LONG: Patience = { attempts: 12, refused: true };

const MOST_MS = 60_000;
const FIRST_MS = 500;
const UNASKED_MOST_MS = 30_000;

/**
 * Milliseconds to wait before attempt `next` (2 is the second): what `Retry-After` asks (seconds or
 * a date, at most a minute), else twice as long each time.
 */
export function pauseMs(next: number, retryAfter: string | undefined, now: number): number {
  const asked = retryAfter === undefined ? undefined : askedMs(retryAfter, now);
  if (asked !== undefined) return Math.min(asked, MOST_MS);
  return Math.min(FIRST_MS * 2 ** (next - 2), UNASKED_MOST_MS);
}

function askedMs(retryAfter: string, now: number): number | undefined {
  if (/^\s*\d{1,9}\s*$/.test(retryAfter)) return Number(retryAfter) * 1_000;
  const date = Date.parse(retryAfter);
  return Number.isNaN(date) ? undefined : Math.max(0, date - now);
}

const BROKEN = new Set(['ECONNRESET', 'EPIPE', 'ETIMEDOUT', 'ECONNABORTED', 'EAI_AGAIN']);

/** Whether an error means a connection that broke, after which the same may go well. */
export function isBroken(error: unknown, patience: Patience): boolean {
  const code = codeOf(error) ?? '';
  return BROKEN.has(code) || (patience.refused && code === 'ECONNREFUSED');
}
