import { ServingError } from '../errors.ts';
import { CLOSE_BRACE } from './ascii.ts';
import { allocate, type FixedDatatype } from './datatypes.ts';
import type { ElementSink, ElementsWanted } from './element-sink.ts';
import { numberToFloat16 } from './float16.ts';
import type { JsonCursor } from './json-cursor.ts';
import { readInteger64, readNumber } from './json-number.ts';
import { type NumberForm, takeNumbers } from './number-run.ts';

export type NumberDatatype = Exclude<FixedDatatype, 'BOOL'>;

const integers = (least: number, most: number): NumberForm => ({
  least,
  most,
  integer: true,
  single: false,
});
const floats = (most: number, single = false): NumberForm => ({
  least: -most,
  most,
  integer: false,
  single,
});

/** What each datatype holds; of the floats, the doubles that don't round to an infinity. */
const FORMS: Readonly<Record<NumberDatatype, NumberForm>> = {
  UINT8: integers(0, 0xff),
  UINT16: integers(0, 0xffff),
  UINT32: integers(0, 0xffff_ffff),
  UINT64: integers(0, Number.MAX_SAFE_INTEGER),
  INT8: integers(-0x80, 0x7f),
  INT16: integers(-0x8000, 0x7fff),
  INT32: integers(-0x8000_0000, 0x7fff_ffff),
  INT64: integers(Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER),
  FP16: floats(65_520 - 2 ** -37),
  FP32: floats(2 ** 128 - 2 ** 103 - 2 ** 75, true),
  FP64: floats(Number.MAX_VALUE),
};

/** Numbers on their way into a typed array; a thread reads one request at a time. */
const passage = new Float64Array(1_024);

/** From this many elements on, data is long. */
const LONG = 256;

/** White space that is looked through behind the document. */
const MAX_TRAILING_SPACE = 16;

/** Every numeric datatype: runs go through `passage`, single elements straight into `data`. */
export class NumberSink implements ElementSink {
  readonly data: ReturnType<typeof allocate<NumberDatatype>>;
  readonly values = passage;
  readonly form: NumberForm;
  readonly view: DataView | undefined;
  filled = 0;
  readonly #cursor: JsonCursor;
  readonly #datatype: NumberDatatype;
  readonly #where: string;
  readonly #runs: boolean;
  /** The index of `values[0]`. */
  #from = 0;

  constructor(cursor: JsonCursor, datatype: NumberDatatype, { where, count }: ElementsWanted) {
    this.data = allocate(datatype, count);
    this.form = FORMS[datatype];
    this.#cursor = cursor;
    this.#datatype = datatype;
    this.#where = where;
    const { buffer, byteOffset, byteLength } = cursor.bytes;
    this.view = count < LONG ? undefined : new DataView(buffer, byteOffset, byteLength);
    this.#runs = endsInBrace(cursor.bytes);
  }

  run(index: number, limit: number): number {
    if (!this.#runs) return index;
    if (this.filled === this.values.length) this.finish();
    if (this.filled === 0) this.#from = index;
    const before = this.filled;
    takeNumbers(this.#cursor, this, Math.min(this.values.length, before + limit - index));
    return index + this.filled - before;
  }

  one(index: number): void {
    this.finish();
    switch (this.#datatype) {
      case 'INT64':
      case 'UINT64':
        this.#oneInteger64(index, this.#datatype);
        break;
      case 'FP16':
      case 'FP32':
      case 'FP64':
        this.#oneFloat(index);
        break;
      default:
        this.#oneInteger(index);
    }
  }

  finish(): void {
    const { data, values, filled } = this;
    const from = this.#from;
    this.filled = 0;
    if (filled === 0) return;
    if (data instanceof Float32Array) {
      for (let index = 0; index < filled; index++) data[from + index] = values[index] as number;
    } else if (data instanceof BigInt64Array || data instanceof BigUint64Array) {
      storeInteger64(data, from, values, filled);
    } else if (this.#datatype === 'FP16') {
      for (let index = 0; index < filled; index++) {
        data[from + index] = numberToFloat16(values[index] as number);
      }
    } else {
      data.set(values.subarray(0, filled), from);
    }
  }

  #oneInteger64(index: number, datatype: 'INT64' | 'UINT64'): void {
    const start = this.#cursor.position;
    const value = readInteger64(this.#cursor, this.#where);
    const wrapped =
      value !== undefined &&
      (datatype === 'INT64' ? BigInt.asIntN(64, value) : BigInt.asUintN(64, value));
    if (value === undefined || wrapped !== value) {
      throw this.#refuse(index, `an integer of ${datatype}`, start);
    }
    (this.data as BigInt64Array | BigUint64Array)[index] = value;
  }

  #oneInteger(index: number): void {
    const start = this.#cursor.position;
    const value = readNumber(this.#cursor, this.#where);
    const { least, most } = this.form;
    if (!(value >= least && value <= most && Number.isInteger(value))) {
      const range = `an integer from ${least} to ${most} (${this.#datatype})`;
      throw this.#refuse(index, range, start);
    }
    (this.data as Int32Array)[index] = value;
  }

  #oneFloat(index: number): void {
    const cursor = this.#cursor;
    const start = cursor.position;
    const value = readNumber(cursor, this.#where);
    // The token Infinity is a value; a number that only rounds to it is not.
    if (Math.abs(value) > this.form.most && !cursor.ascii(start, cursor.position).endsWith('y')) {
      throw this.#refuse(index, `a number within ${this.#datatype}`, start);
    }
    (this.data as Float64Array)[index] = this.#datatype === 'FP16' ? numberToFloat16(value) : value;
  }

  #refuse(index: number, expected: string, start: number): ServingError {
    const end = Math.min(this.#cursor.position, start + 40);
    return new ServingError({
      kind: 'malformed',
      detail: `${this.#where}: element ${index}: expected ${expected}, got ${this.#cursor.ascii(start, end)}`,
    });
  }
}

/** Safe integers as 64-bit ones, by halves: making a BigInt of each takes many times longer. */
function storeInteger64(
  data: BigInt64Array | BigUint64Array,
  from: number,
  values: Float64Array,
  filled: number,
): void {
  const halves = new Int32Array(data.buffer, data.byteOffset, data.length * 2);
  for (let index = 0; index < filled; index++) {
    const value = values[index] as number;
    const at = (from + index) * 2;
    halves[at] = value | 0;
    halves[at + 1] = Math.floor(value / 2 ** 32);
  }
}

/** Whether the text ends as `takeNumbers` needs it. */
function endsInBrace(bytes: Uint8Array): boolean {
  let at = bytes.length - 1;
  const least = Math.max(0, at - MAX_TRAILING_SPACE);
  while (at > least && (bytes[at] as number) <= 0x20) at--;
  return bytes[at] === CLOSE_BRACE;
}
