import type { TensorSpec } from '../protocol/tensor.ts';
import type { Card } from '../registry/card.ts';
import { cellReader, TAKEN } from './cells.ts';
import { columnError } from './column-error.ts';
import { quoted } from './records.ts';

/**
 * By column, the text that an empty cell counts as; null: it fails its row. Where the card says
 * `nan`, floats become NaN and text is empty; integers and booleans have no such value, and fail.
 * @throws ServingError `malformed` when the card's value is none of the input's datatype
 */
export function missingTexts(
  { datatype, name }: TensorSpec,
  columns: readonly string[],
  missing: Card['missing'],
): (string | null)[] {
  if (missing === undefined || missing === 'error') return [];
  if (missing === 'nan') {
    const text = datatype === 'BYTES' ? '' : datatype.startsWith('FP') ? 'NaN' : null;
    return columns.map(() => text);
  }
  const values = new Map(Object.entries(missing));
  return columns.map((column) => {
    const value = values.get(column);
    if (value === undefined) return null;
    const text = String(value);
    const bytes = Buffer.from(text);
    const reader = cellReader(datatype, 1, { emptyIsMissing: false });
    if (reader.read(bytes, 0, bytes.length, 0) === TAKEN) return text;
    throw columnError(
      `the card’s missing: column \`${column}\` feeds input \`${name}\`: expected ${reader.expected}, got ${quoted(text)}`,
    );
  });
}
