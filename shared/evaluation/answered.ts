import type { Predictions } from './predictions.ts';

/** The class of each row: the label that was answered, else that of the highest score; -1: none. */
export function answeredClasses(
  { labels, scores }: Predictions,
  rows: number,
  classes: number,
): Int32Array {
  if (labels) return labels;
  const answered = new Int32Array(rows).fill(-1);
  if (!scores) return answered;
  for (let row = 0; row < rows; row++) {
    let highest = -Infinity;
    for (let column = 0; column < classes; column++) {
      const score = scores[row * classes + column] ?? NaN;
      if (Number.isNaN(score)) {
        answered[row] = -1;
        break;
      }
      if (score > highest || answered[row] === -1) {
        highest = score;
        answered[row] = column;
      }
    }
  }
  return answered;
}
