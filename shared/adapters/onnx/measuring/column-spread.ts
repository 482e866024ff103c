import type { Tensor } from '../../../protocol/tensor.ts';
import { floatAt, isFloat } from './floats.ts';

/** How far the numbers of each column go, by input; undefined for inputs that aren't floats. */
export interface Spread {
  readonly deviation: Float64Array;
  readonly least: Float64Array;
  readonly most: Float64Array;
}

interface Column {
  readonly width: number;
  count: Float64Array;
  mean: Float64Array;
  squares: Float64Array;
  least: Float64Array;
  most: Float64Array;
}

/**
 * Gathers the spread of columns from runs of rows; numbers that aren't finite are passed over.
 * Welford's method: one pass, and no cancellation.
 */
export class ColumnSpread {
  readonly #columns: (Column | undefined)[] = [];

  add(inputs: readonly Tensor[], rows: number): void {
    for (const [place, input] of inputs.entries()) {
      if (!isFloat(input)) continue;
      const width = input.data.length / rows;
      const column = (this.#columns[place] ??= emptyColumn(width));
      for (let index = 0; index < input.data.length; index++) {
        const value = floatAt(input, index);
        if (Number.isFinite(value)) take(column, index % width, value);
      }
    }
  }

  /** By input. */
  spreads(): readonly (Spread | undefined)[] {
    return Array.from(this.#columns, (column) => {
      if (!column) return undefined;
      const { least, most, squares, count } = column;
      const deviation = squares.map((sum, at) => {
        const n = count[at] as number;
        return n > 1 ? Math.sqrt(sum / (n - 1)) : 0;
      });
      return { deviation, least, most };
    });
  }
}

function emptyColumn(width: number): Column {
  return {
    width,
    count: new Float64Array(width),
    mean: new Float64Array(width),
    squares: new Float64Array(width),
    least: new Float64Array(width).fill(Number.POSITIVE_INFINITY),
    most: new Float64Array(width).fill(Number.NEGATIVE_INFINITY),
  };
}

function take({ count, mean, squares, least, most }: Column, at: number, value: number): void {
  const n = (count[at] as number) + 1;
  const before = value - (mean[at] as number);
  count[at] = n;
  mean[at] = (mean[at] as number) + before / n;
  squares[at] = (squares[at] as number) + before * (value - mean[at]);
  least[at] = Math.min(least[at] as number, value);
  most[at] = Math.max(most[at] as number, value);
}
