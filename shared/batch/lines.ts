import { type PieceSizes, piecesOf, type RecordEnds } from './pieces.ts';

const LF = 0x0a;
/** Bytes asked for at first beyond a chunk's end, to find the end of its last line; then more. */
const TAIL_BYTES = 64 << 10;
const MAX_TAIL_BYTES = 1 << 20;

/** Reads the bytes [start, end) of a file. */
export type ReadRange = (start: number, end: number) => AsyncIterable<Uint8Array>;

/** The lines of a file that begin in [start, end). */
export interface LineRange {
  readonly start: number;
  readonly end: number;
  /** Where the file's first line begins: behind a byte order mark or a header. */
  readonly firstByte: number;
  /** Bytes of the file. */
  readonly bytes: number;
}

/** Lines, as they end with LF. */
export class LineEnds implements RecordEnds {
  readonly called = 'line';
  readonly whyLong = 'is it text with line breaks (LF)?';
  length = 0;
  #open = 0;

  next(block: Uint8Array, from: number, least: number): number {
    const mark = Math.max(from, least - 1);
    const before = mark > from ? block.lastIndexOf(LF, mark - 1) : -1;
    const found = mark < block.byteLength ? block.indexOf(LF, mark) : -1;
    const stop = found === -1 ? block.byteLength : found + 1;
    this.length = before < from ? this.#open + stop - from : stop - before - 1;
    this.#open = found === -1 ? this.length : 0;
    return found === -1 ? -1 : found + 1;
  }
}

/**
 * A chunk's lines, in pieces of whole ones. A line belongs to the chunk that holds its first byte:
 * the chunk begins at `firstByte`, else after the first LF at or after `start` − 1, and ends with the
 * last line whose first byte is before `end`; it may be empty. No more is read than that takes, up
 * to a step beyond. @throws ServingError `malformed` for a line that is too long
 */
export function linePieces(
  range: LineRange,
  read: ReadRange,
  sizes: PieceSizes,
): AsyncGenerator<Uint8Array> {
  return piecesOf(linesOf(range, read), new LineEnds(), sizes);
}

/** The bytes of the range's lines. */
async function* linesOf(range: LineRange, read: ReadRange): AsyncGenerator<Uint8Array> {
  const { start, end, firstByte, bytes } = range;
  if (start >= end || end <= firstByte) return;
  let begun = start <= firstByte;
  let last = -1;
  for await (const block of read(begun ? firstByte : start - 1, end)) {
    const begin = begun ? 0 : block.indexOf(LF) + 1;
    last = block.at(-1) ?? last;
    if (!begun && begin === 0) continue;
    begun = true;
    if (begin < block.byteLength) yield block.subarray(begin);
  }
  // Nothing began here, or what did has ended with the range.
  if (!begun || last === LF) return;
  let step = TAIL_BYTES;
  for (let at = end; at < bytes; at += step, step = Math.min(2 * step, MAX_TAIL_BYTES)) {
    for await (const block of read(at, Math.min(bytes, at + step))) {
      const found = block.indexOf(LF);
      yield found === -1 ? block : block.subarray(0, found + 1);
      if (found !== -1) return;
    }
  }
}
