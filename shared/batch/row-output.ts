import { ByteWriter } from '../protocol/byte-writer.ts';
import type { OutputRows } from './output-values.ts';
import type { Records } from './records.ts';

/** Answers on their way into lines of output. */
export interface RowOutput {
  /** The lines written so far. */
  readonly lines: ByteWriter;
  /**
   * Takes over what the record at hand passes on, as that of row `slot` of the run to come: slots go
   * up from 0, which forgets the run before.
   */
  keep(records: Records, slot: number): void;
  /**
   * Writes row `slot`, whose answer is row `index` of the outputs. Answers what keeps it from being
   * written; nothing of it was, then.
   */
  write(slot: number, outputs: readonly OutputRows[], index: number): string | undefined;
}

/** What is passed on of the rows of a run, written as it will stand in their lines. */
export class KeptText {
  readonly writer = new ByteWriter();
  /** Where each row's begins, and one more. */
  readonly #starts: Int32Array;

  constructor(rows: number) {
    this.#starts = new Int32Array(rows + 1);
  }

  /** What is written from now on is row `slot`'s. */
  begin(slot: number): void {
    if (slot === 0) this.writer.length = 0;
    this.#starts[slot] = this.writer.length;
  }

  end(slot: number): void {
    this.#starts[slot + 1] = this.writer.length;
  }

  /** Writes row `slot`'s; how many bytes that were. */
  copy(slot: number, to: ByteWriter): number {
    return copyBytes(
      this.writer.bytes,
      this.#starts[slot] as number,
      this.#starts[slot + 1] as number,
      to,
    );
  }
}

/** Writes the bytes [start, end) of another buffer; how many they were. Most are few. */
export function copyBytes(from: Buffer, start: number, end: number, to: ByteWriter): number {
  const count = end - start;
  to.reserve(count);
  const { bytes, length } = to;
  if (count > SHORT) from.copy(bytes, length, start, end);
  else
    for (let index = 0; index < count; index++)
      bytes[length + index] = from[start + index] as number;
  to.length += count;
  return count;
}

/** Below this, a loop is quicker than a call. */
const SHORT = 48;
