import { elementCount, typeText } from '../protocol/shape.ts';
import type { Signature, TensorSpec } from '../protocol/tensor.ts';
import { columnError, listed } from './column-error.ts';
import type { InputColumns } from './row-table.ts';

/** What there is to feed inputs with. */
export interface Feeding {
  readonly signature: Signature;
  /** Undefined: JSONL, whose records name their members each for itself. */
  readonly columns: readonly string[] | undefined;
  /** By input, the columns that were named for it. */
  readonly named: ReadonlyMap<string, readonly string[]>;
  /** Columns that feed nothing unless they are named. */
  readonly besides: readonly string[];
}

/** Which cells feed an input. @throws ServingError `malformed` */
export function feedOf(spec: TensorSpec, feeding: Feeding): Omit<InputColumns, 'missing'> {
  const named = feeding.named.get(spec.name);
  const dimensions = dimensionsOf(spec, named?.length);
  const count = elementCount(dimensions ?? []);
  const names = named ?? (feeding.columns ? undefined : [spec.name]);
  const { name, datatype } = spec;
  const fed = { name, datatype, ...(dimensions && { dimensions }) };
  if (names) {
    // In JSONL one member may be an array.
    const isArray = !feeding.columns && names.length === 1;
    if (names.length !== count && !isArray) {
      throw columnError(
        `input \`${name}\` (${typeText(spec)}) takes ${count} ${count === 1 ? 'column' : 'columns'}, \`inputs\` names ${names.length}`,
      );
    }
    const { columns } = feeding;
    return { ...fed, cells: columns ? names.map((each) => placeOf(each, name, columns)) : names };
  }
  return { ...fed, cells: inOrder(spec, count, feeding) };
}

/** The cells of a row, as the signature has them. */
function dimensionsOf(spec: TensorSpec, named: number | undefined): number[] | undefined {
  const { shape, name } = spec;
  if (!shape) return named === undefined || named === 1 ? [] : [named];
  if (shape.length === 0) return undefined;
  const [rows = -1, ...dimensions] = shape;
  if (rows !== -1 && rows !== 1) {
    throw columnError(
      `input \`${name}\` (${typeText(spec)}) takes ${rows} rows at once: rows of a file can't be scored one by one`,
    );
  }
  const open = dimensions.filter((dimension) => dimension === -1).length;
  if (open === 0) return dimensions;
  const known = elementCount(dimensions.filter((dimension) => dimension !== -1));
  if (open > 1 || named === undefined || known === 0 || named % known !== 0) {
    throw columnError(
      `input \`${name}\` (${typeText(spec)}) doesn't say how many columns it takes: list them in \`inputs\`${open > 1 ? ', for a model with one open dimension behind the rows' : ''}${known > 1 ? `, a multiple of ${known}` : ''}`,
    );
  }
  return dimensions.map((dimension) => (dimension === -1 ? named / known : dimension));
}

function placeOf(column: string, input: string, columns: readonly string[]): number {
  const place = columns.indexOf(column);
  if (place < 0) {
    throw columnError(
      `input \`${input}\` needs a column \`${column}\`, which the file doesn't have; it has ${listed(columns)}`,
    );
  }
  if (columns.includes(column, place + 1)) {
    throw columnError(`input \`${input}\` needs a column \`${column}\`, which the file has twice`);
  }
  return place;
}

/** The column of the input's name; for a single input the first ones that are for it. */
function inOrder(
  spec: TensorSpec,
  count: number,
  { signature, columns = [], besides }: Feeding,
): number[] {
  const { name } = spec;
  if (count === 1 && columns.includes(name)) return [placeOf(name, name, columns)];
  if (signature.inputs.length > 1) {
    if (count === 1) return [placeOf(name, name, columns)];
    throw columnError(
      `input \`${name}\` (${typeText(spec)}) takes ${count} columns: list them in \`inputs\``,
    );
  }
  const free = [...columns.keys()].filter((place) => !besides.includes(columns[place] as string));
  if (free.length < count) {
    throw columnError(
      `input \`${name}\` (${typeText(spec)}) takes ${count} columns, the file has ${free.length} for it: ${listed(free.map((place) => columns[place] as string))}`,
    );
  }
  return free.slice(0, count);
}
