import { allocate } from '../protocol/datatypes.ts';
import { numberToFloat16 } from '../protocol/float16.ts';
import { LONGEST_RECENT_TEXT, recentText, rememberText } from '../protocol/recent-texts.ts';
import type { Datatype, TensorData } from '../protocol/tensor.ts';
import { readNumberText, readPlainNumber } from './number-cell.ts';

/** What became of a cell. */
export const TAKEN = 0;
export const EMPTY = 1;
export const WRONG = 2;
export type CellOutcome = typeof TAKEN | typeof EMPTY | typeof WRONG;

/** Cells of text on their way into a tensor's elements. */
export interface CellReader {
  readonly data: TensorData;
  /** What a cell must hold, for a reason. */
  readonly expected: string;
  /** Reads the text in the bytes [start, end) as element `at`. */
  read(bytes: Buffer, start: number, end: number, at: number): CellOutcome;
}

/**
 * A reader for `count` elements of a datatype. Numbers and booleans may have spaces around them;
 * BYTES are as they came, and empty only where `emptyIsMissing`.
 */
export function cellReader(
  datatype: Datatype,
  count: number,
  { emptyIsMissing }: { emptyIsMissing: boolean },
): CellReader {
  switch (datatype) {
    case 'FP32':
      return new FloatCells(allocate(datatype, count), LARGEST_FP32, 'FP32');
    case 'FP64':
      return new FloatCells(allocate(datatype, count), Number.MAX_VALUE, 'FP64');
    case 'FP16':
      return new HalfCells(allocate(datatype, count));
    case 'BOOL':
      return new BoolCells(allocate(datatype, count));
    case 'INT64':
    case 'UINT64':
      return new Integer64Cells(allocate(datatype, count), datatype);
    case 'BYTES':
      return new TextCells(count, emptyIsMissing);
    default:
      return new IntegerCells(allocate(datatype, count), datatype);
  }
}

/** What rounds to the largest FP32, and beyond which is nothing but infinity. */
const LARGEST_FP32 = 2 ** 128 - 2 ** 103 - 2 ** 75;
/** As much for FP16. */
const LARGEST_FP16 = 65_520 - 2 ** -37;

const RANGES = {
  UINT8: [0, 0xff],
  UINT16: [0, 0xffff],
  UINT32: [0, 0xffff_ffff],
  INT8: [-0x80, 0x7f],
  INT16: [-0x8000, 0x7fff],
  INT32: [-0x8000_0000, 0x7fff_ffff],
} as const;
type ShortInteger = keyof typeof RANGES;

const SPACE = 0x20;
const TAB = 0x09;
const isSpace = (byte: number | undefined): boolean => byte === SPACE || byte === TAB;

/** The text without the spaces around it. Cells hold little text. */
function trimmed(bytes: Buffer, start: number, end: number): string {
  let from = start;
  let to = end;
  while (from < to && isSpace(bytes[from])) from++;
  while (to > from && isSpace(bytes[to - 1])) to--;
  return bytes.toString('latin1', from, to);
}

class FloatCells implements CellReader {
  readonly data: Float32Array | Float64Array;
  readonly expected: string;
  readonly #most: number;

  constructor(data: Float32Array | Float64Array, most: number, datatype: Datatype) {
    this.data = data;
    this.#most = most;
    this.expected = `a number within ${datatype}`;
  }

  read(bytes: Buffer, start: number, end: number, at: number): CellOutcome {
    const value = readPlainNumber(bytes, start, end);
    // 22 digits are far from any bound.
    if (value === value) {
      this.data[at] = value;
      return TAKEN;
    }
    const text = trimmed(bytes, start, end);
    if (text === '') return EMPTY;
    const number = readNumberText(text);
    if (!number || (!number.special && Math.abs(number.value) > this.#most)) return WRONG;
    this.data[at] = number.value;
    return TAKEN;
  }
}

class HalfCells implements CellReader {
  readonly data: Uint16Array;
  readonly expected = 'a number within FP16';

  constructor(data: Uint16Array) {
    this.data = data;
  }

  read(bytes: Buffer, start: number, end: number, at: number): CellOutcome {
    const text = trimmed(bytes, start, end);
    if (text === '') return EMPTY;
    const number = readNumberText(text);
    if (!number || (!number.special && Math.abs(number.value) > LARGEST_FP16)) return WRONG;
    this.data[at] = numberToFloat16(number.value);
    return TAKEN;
  }
}

class IntegerCells implements CellReader {
  readonly data: Int32Array;
  readonly expected: string;
  readonly #least: number;
  readonly #most: number;

  constructor(data: ReturnType<typeof allocate<ShortInteger>>, datatype: ShortInteger) {
    // One reader stores into all of them alike.
    this.data = data as Int32Array;
    const [least, most] = RANGES[datatype];
    this.#least = least;
    this.#most = most;
    this.expected = `an integer from ${least} to ${most} (${datatype})`;
  }

  read(bytes: Buffer, start: number, end: number, at: number): CellOutcome {
    let value = readPlainNumber(bytes, start, end);
    if (value !== value) {
      const text = trimmed(bytes, start, end);
      if (text === '') return EMPTY;
      value = readNumberText(text)?.value ?? Number.NaN;
    }
    if (!(value >= this.#least && value <= this.#most && Number.isInteger(value))) return WRONG;
    this.data[at] = value;
    return TAKEN;
  }
}

class Integer64Cells implements CellReader {
  readonly data: BigInt64Array | BigUint64Array;
  readonly expected: string;
  readonly #halves: Int32Array;
  readonly #unsigned: boolean;

  constructor(data: BigInt64Array | BigUint64Array, datatype: 'INT64' | 'UINT64') {
    this.data = data;
    this.expected = `an integer of ${datatype}`;
    this.#halves = new Int32Array(data.buffer, data.byteOffset, data.length * 2);
    this.#unsigned = datatype === 'UINT64';
  }

  read(bytes: Buffer, start: number, end: number, at: number): CellOutcome {
    let value = readPlainNumber(bytes, start, end);
    if (value !== value || !Number.isSafeInteger(value)) {
      const text = trimmed(bytes, start, end);
      if (text === '') return EMPTY;
      // Digits alone are exact, beyond what a double holds too.
      if (/^[+-]?[0-9]{15,20}$/.test(text)) return this.#readBig(text, at);
      value = readNumberText(text)?.value ?? Number.NaN;
      if (!Number.isSafeInteger(value)) return WRONG;
    }
    if (this.#unsigned && value < 0) return WRONG;
    // Making a BigInt of each takes many times longer.
    this.#halves[at * 2] = value | 0;
    this.#halves[at * 2 + 1] = Math.floor(value / 2 ** 32);
    return TAKEN;
  }

  #readBig(text: string, at: number): CellOutcome {
    const value = BigInt(text.startsWith('+') ? text.slice(1) : text);
    const wrapped = this.#unsigned ? BigInt.asUintN(64, value) : BigInt.asIntN(64, value);
    if (wrapped !== value) return WRONG;
    this.data[at] = value;
    return TAKEN;
  }
}

class BoolCells implements CellReader {
  readonly data: Uint8Array;
  readonly expected = 'true, false, 1 or 0 (BOOL)';

  constructor(data: Uint8Array) {
    this.data = data;
  }

  read(bytes: Buffer, start: number, end: number, at: number): CellOutcome {
    const text = trimmed(bytes, start, end).toLowerCase();
    if (text === '') return EMPTY;
    const isTrue = text === 'true' || text === '1';
    if (!isTrue && text !== 'false' && text !== '0') return WRONG;
    this.data[at] = isTrue ? 1 : 0;
    return TAKEN;
  }
}

class TextCells implements CellReader {
  readonly data: string[];
  readonly expected = 'text without NUL (the runtime cuts strings there)';
  readonly #emptyIsMissing: boolean;

  constructor(count: number, emptyIsMissing: boolean) {
    this.data = new Array<string>(count).fill('');
    this.#emptyIsMissing = emptyIsMissing;
  }

  read(bytes: Buffer, start: number, end: number, at: number): CellOutcome {
    if (start === end && this.#emptyIsMissing) return EMPTY;
    const text = end - start <= LONGEST_RECENT_TEXT ? shortText(bytes, start, end) : undefined;
    if (text !== undefined) {
      this.data[at] = text;
      return TAKEN;
    }
    const long = bytes.toString('utf8', start, end);
    if (long.includes('\0')) return WRONG;
    this.data[at] = long;
    return TAKEN;
  }
}

/** Words come again and again: each is made once, then remembered. Undefined: not only ASCII. */
function shortText(bytes: Buffer, start: number, end: number): string | undefined {
  // FNV-1a.
  let hash = 0x811c_9dc5 | 0;
  for (let at = start; at < end; at++) {
    const byte = bytes[at] as number;
    if (byte >= 0x80 || byte === 0) return undefined;
    hash = Math.imul(hash ^ byte, 0x0100_0193);
  }
  const recent = recentText(bytes, start, end, hash);
  if (recent !== undefined) return recent;
  const text = bytes.toString('latin1', start, end);
  rememberText(text, hash);
  return text;
}
