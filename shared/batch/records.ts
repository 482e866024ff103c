/**
 * Records of a piece of a file, one after the other. What it says of the record at hand is true
 * until the next one.
 */
export interface Records {
  /** What `cells` points into. */
  readonly bytes: Buffer;
  /**
   * By cell, where it begins and where it ends; the beginning is -1 for one that there is not.
   * See `placesOf` for which cell is which.
   */
  readonly cells: Int32Array;
  /** Why the record can't be read; its cells say nothing then. */
  readonly problem: string | undefined;
  /** The line it begins on, from 0 within the piece. */
  readonly line: number;
  /** Where it begins and ends in the piece, in bytes, without its line break. */
  readonly start: number;
  readonly end: number;
  /** Lines passed so far: all of the piece's, once `next` was false. */
  readonly lines: number;

  /** Goes to the next record; false when there is none. */
  next(): boolean;
}

const LONGEST_QUOTE = 60;

/** What came, for a reason: in quotes, cut when it is long. */
export function quoted(text: string): string {
  return text.length > LONGEST_QUOTE
    ? `${JSON.stringify(text.slice(0, LONGEST_QUOTE))}…`
    : JSON.stringify(text);
}
