/** Longer texts are not kept. */
export const LONGEST_RECENT_TEXT = 32;

const SLOTS = 1_024;

const texts: (string | undefined)[] = Array.from({ length: SLOTS });

/**
 * The string of these ASCII bytes if it was remembered lately: member names, datatypes and tensors'
 * names are the same in request after request, and looking them up is cheaper than making a string.
 * `hash` is any function of the bytes.
 */
export function recentText(
  bytes: Uint8Array,
  start: number,
  end: number,
  hash: number,
): string | undefined {
  const text = texts[slotOf(hash)];
  if (text?.length !== end - start) return undefined;
  for (let at = start; at < end; at++) {
    if (text.charCodeAt(at - start) !== bytes[at]) return undefined;
  }
  return text;
}

/** Keeps a text of at most LONGEST_RECENT_TEXT characters, in the place of whichever was there. */
export function rememberText(text: string, hash: number): void {
  texts[slotOf(hash)] = text;
}

function slotOf(hash: number): number {
  return (hash ^ (hash >>> 16)) & (SLOTS - 1);
}
