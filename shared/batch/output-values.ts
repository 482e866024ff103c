import type { ByteWriter } from '../protocol/byte-writer.ts';
import { float16ToNumber, numberToFloat16 } from '../protocol/float16.ts';
import {
  MAX_NUMBER_BYTES,
  writeAscii,
  writeDouble,
  writeInteger,
  writeSingle,
} from '../protocol/number-text.ts';
import type { Tensor } from '../protocol/tensor.ts';

/** An output of a run on several rows. */
export interface OutputRows {
  readonly tensor: Tensor;
  /** The dimensions behind the rows'. */
  readonly dimensions: readonly number[];
  /** Elements of a row. */
  readonly width: number;
}

/** What a row's output looks like, given that a run of `rows` rows left it. @throws Error when it has no rows of them */
export function outputRows(tensor: Tensor, rows: number): OutputRows {
  const { shape, name, data } = tensor;
  const isSplit = shape[0] === rows;
  // Run alone, a row owns whatever came.
  if (!isSplit && rows !== 1) throw new Error(`\`${name}\` has ${shape[0] ?? 0} rows for ${rows}`);
  const dimensions = isSplit ? shape.slice(1) : shape;
  return { tensor, dimensions, width: data.length / rows };
}

/** How NaN and the infinities are written: plain, or in quotes where the format has no such numbers. */
type Specials = 'plain' | 'quoted';

/**
 * Writes the elements [from, to) of an output, with a separator between them. Numbers have the
 * fewest digits that read back to the same value of their datatype; 64-bit integers are exact; `text`
 * writes BYTES.
 */
export function writeValues(
  writer: ByteWriter,
  { datatype, data }: Tensor,
  range: { readonly from: number; readonly to: number },
  style: { readonly separator: number; readonly specials: Specials; text(text: string): string },
): void {
  const { from, to } = range;
  if (datatype === 'BYTES') {
    for (let index = from; index < to; index++) {
      if (index > from) writer.byte(style.separator);
      writer.text(style.text((data as string[])[index] as string));
    }
    return;
  }
  writer.reserve((to - from) * (MAX_NUMBER_BYTES + 2));
  const { bytes } = writer;
  const isQuoted = style.specials === 'quoted';
  let at = writer.length;
  for (let index = from; index < to; index++) {
    if (index > from) bytes[at++] = style.separator;
    switch (datatype) {
      case 'FP32': {
        const value = (data as Float32Array)[index] as number;
        at = Number.isFinite(value)
          ? writeSingle(bytes, at, value)
          : writeSpecial(bytes, at, value, isQuoted);
        break;
      }
      case 'FP64': {
        const value = (data as Float64Array)[index] as number;
        at = Number.isFinite(value)
          ? writeDouble(bytes, at, value)
          : writeSpecial(bytes, at, value, isQuoted);
        break;
      }
      case 'FP16': {
        const bits = (data as Uint16Array)[index] as number;
        const value = float16ToNumber(bits);
        at = Number.isFinite(value)
          ? writeAscii(bytes, at, halfText(bits, value))
          : writeSpecial(bytes, at, value, isQuoted);
        break;
      }
      case 'BOOL':
        at = writeAscii(bytes, at, (data as Uint8Array)[index] ? 'true' : 'false');
        break;
      case 'INT64':
      case 'UINT64': {
        const big = (data as BigInt64Array | BigUint64Array)[index] as bigint;
        const value = Number(big);
        at = Number.isSafeInteger(value)
          ? writeInteger(bytes, at, value)
          : writeAscii(bytes, at, String(big));
        break;
      }
      default:
        at = writeInteger(bytes, at, (data as Int32Array)[index] as number);
    }
  }
  writer.length = at;
}

function writeSpecial(bytes: Uint8Array, at: number, value: number, isQuoted: boolean): number {
  return writeAscii(bytes, at, isQuoted ? `"${value}"` : String(value));
}

/** By bit pattern, once it was needed. */
const halfTexts: (string | undefined)[] = [];

/** The fewest digits that read back to a half: 0.1, where its exact value is 0.0999755859375. */
function halfText(bits: number, value: number): string {
  const known = halfTexts[bits];
  if (known !== undefined) return known;
  let text = Object.is(value, -0) ? '-0' : String(value);
  for (let digits = 1; digits <= 5; digits++) {
    const short = Number(value.toPrecision(digits));
    if (value !== 0 && numberToFloat16(short) === bits) {
      text = String(short);
      break;
    }
  }
  halfTexts[bits] = text;
  return text;
}
