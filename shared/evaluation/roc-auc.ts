/** Rows in the order of one score, ascending; equal scores share a group. */
export interface Ranking {
  readonly order: Uint32Array;
  /** By place in `order`: 1 where a group of equal scores ends. */
  readonly ends: Uint8Array;
}

/** Ranks rows by a column of row-major scores [N, width]. The scores are numbers, infinite ones too. */
export function rankingOf(scores: Float64Array, width: number, column: number): Ranking {
  const rows = scores.length / width;
  const score = (row: number): number => scores[row * width + column] ?? NaN;
  const order = Uint32Array.from({ length: rows }, (_, row) => row);
  order.sort((a, b) => (score(a) < score(b) ? -1 : score(a) > score(b) ? 1 : 0));
  const ends = new Uint8Array(rows);
  for (let place = 0; place < rows; place++) {
    const last = place === rows - 1;
    ends[place] = last || score(order[place] ?? 0) !== score(order[place + 1] ?? 0) ? 1 : 0;
  }
  return { order, ends };
}

/**
 * Area under the ROC curve: how often a row of class `positive` has a higher score than one of
 * another class, ties counting half (Mann and Whitney 1947). A row counts `weights` times, once
 * without. NaN when there are rows of one side only.
 */
export function rocAuc(
  { order, ends }: Ranking,
  truth: Int32Array,
  positive: number,
  weights?: Float64Array,
): number {
  let positives = 0;
  let negatives = 0;
  let pairs = 0;
  let positivesTied = 0;
  let negativesTied = 0;
  for (let place = 0; place < order.length; place++) {
    const row = order[place] ?? 0;
    const weight = weights ? (weights[row] ?? 0) : 1;
    if (truth[row] === positive) positivesTied += weight;
    else negativesTied += weight;
    if (ends[place] === 0) continue;
    pairs += positivesTied * (negatives + negativesTied / 2);
    positives += positivesTied;
    negatives += negativesTied;
    positivesTied = 0;
    negativesTied = 0;
  }
  return pairs / (positives * negatives);
}
