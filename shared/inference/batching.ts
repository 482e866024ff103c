import type { Card } from '../registry/card.ts';

/** How fast a model runs `rows` rows in one run. */
export interface BatchPoint {
  readonly rows: number;
  readonly rowsPerSecond: number;
}

/**
 * What the examination found about running requests of several callers as one. `proven`: a row's
 * answer doesn't depend on its neighbours. `why` says so, or why not.
 */
export interface Batching {
  readonly proven: boolean;
  readonly why: string;
  /** Measured at 1, 2, 4, … rows; empty when the model can't take several. */
  readonly curve: readonly BatchPoint[];
}

/** Nobody measured this model in batches, and its card wants them nevertheless. */
const UNMEASURED_ROWS = 8;
/** Rows beyond this gain nothing that a caller could see, and make the others wait. */
const GOOD_ENOUGH = 0.95;

/** The fewest rows that run nearly as fast as any number of them. */
export function bestBatch(curve: readonly BatchPoint[]): number {
  const most = Math.max(0, ...curve.map(({ rowsPerSecond }) => rowsPerSecond));
  const enough = curve.find(({ rowsPerSecond }) => rowsPerSecond >= most * GOOD_ENOUGH);
  return enough?.rows ?? 1;
}

/**
 * How many rows of different callers may be run as one; 1: none. A graph that quantizes activations
 * by scales of their own (`DynamicQuantizeLinear`) takes one scale over the whole batch, so that
 * neighbours change answers: it needs the card's word.
 */
export function batchRows(
  found: { readonly batching?: Batching | undefined; readonly quantized: string },
  card: Pick<Card, 'batching'>,
): number {
  const { batching, quantized } = found;
  if (card.batching === 'never' || !batching) return 1;
  if (card.batching === 'always') {
    return batching.curve.length > 0 ? bestBatch(batching.curve) : UNMEASURED_ROWS;
  }
  return batching.proven && quantized !== 'dynamic' ? bestBatch(batching.curve) : 1;
}
