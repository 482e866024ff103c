const MAX_WAIT_SECONDS = 60;

/**
 * The seconds that `Prefer: wait=N` asks to wait (RFC 7240), at most 60; undefined where it asks
 * nothing that can be understood, which is no error.
 */
export function preferredWait(header: string | null): number | undefined {
  for (const preference of (header ?? '').split(',')) {
    // Parameters of the preference, after a semicolon, have no meaning here.
    const seconds = /^\s*wait\s*=\s*"?(\d{1,9})"?\s*(?:;|$)/i.exec(preference)?.[1];
    if (seconds !== undefined) return Math.min(Number(seconds), MAX_WAIT_SECONDS);
  }
  return undefined;
}
