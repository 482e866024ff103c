import { ServingError } from '../errors.ts';

/** A record must be held in memory as a whole. */
export const MAX_RECORD_BYTES = 8 << 20;

/** Finds where records end, in bytes that are given in their order. */
export interface RecordEnds {
  /** What a record is, and why one may be too long, for an error. */
  readonly called: string;
  readonly whyLong: string;
  /**
   * Looks at `block` from `from` on for the first record whose end, the index behind its last byte,
   * is `least` or more; -1 when there is none, and all of the block was looked at.
   */
  next(block: Uint8Array, from: number, least: number): number;
  /** Bytes of the record that `next` found, or after -1 of the one that is open. */
  readonly length: number;
}

export interface PieceSizes {
  /** A piece ends with the first record that reaches this. */
  readonly pieceBytes: number;
  /** A record may be as long as this; 8 MiB by default. */
  readonly maxRecordBytes?: number;
}

/**
 * Cuts bytes that begin where a record does into pieces of whole records, at least one each; what
 * is left at the end is a piece too, terminated or not. Holds one piece in memory.
 * @throws ServingError `malformed` for a record that is too long
 */
export async function* piecesOf(
  source: AsyncIterable<Uint8Array>,
  ends: RecordEnds,
  { pieceBytes, maxRecordBytes = MAX_RECORD_BYTES }: PieceSizes,
): AsyncGenerator<Uint8Array> {
  // What is no longer than a piece is found to be too long only if a piece is no longer than that.
  const wanted = Math.min(pieceBytes, maxRecordBytes);
  let held: Uint8Array[] = [];
  let heldBytes = 0;
  for await (const block of source) {
    for (let from = 0; from < block.byteLength; ) {
      const end = ends.next(block, from, from + wanted - heldBytes);
      if (ends.length > maxRecordBytes) throw tooLong(ends, maxRecordBytes);
      const stop = end === -1 ? block.byteLength : end;
      held.push(block.subarray(from, stop));
      heldBytes += stop - from;
      from = stop;
      if (end === -1) break;
      yield joined(held);
      held = [];
      heldBytes = 0;
    }
  }
  if (heldBytes > 0) yield joined(held);
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  const [only] = parts;
  return only && parts.length === 1 ? only : Buffer.concat(parts);
}

/** What to throw for a record that can't be held. */
export function tooLong(
  { called, whyLong }: Pick<RecordEnds, 'called' | 'whyLong'>,
  maxRecordBytes: number,
): ServingError {
  return new ServingError({
    kind: 'malformed',
    detail: `a ${called} is longer than ${maxRecordBytes} bytes; ${whyLong}`,
  });
}
