import { assessClassification } from './assess-classification.ts';
import { assessRegression } from './assess-regression.ts';
import type { Predictions, QualityInput } from './predictions.ts';
import type { Quality } from './quality.ts';

/**
 * The figures of the readiness report. Pure, and takes a few seconds at most however many rows there
 * are. Throws RangeError when answers, lines or slices aren't of as many rows as the truth, or a true
 * class is none of `classes`: those rows should have been left out.
 */
export function assessQuality(input: QualityInput): Quality {
  checkRows(input);
  return input.task === 'classification'
    ? { task: 'classification', ...assessClassification(input) }
    : { task: 'regression', ...assessRegression(input) };
}

function checkRows(input: QualityInput): void {
  const rows = input.truth.length;
  const check = (what: string, length: number | undefined, expected: number): void => {
    if (length === undefined || length === expected) return;
    throw new RangeError(`${what}: expected ${String(expected)}, got ${String(length)}`);
  };
  check('lines', input.lines.length, rows);
  for (const { column, values } of input.slices) check(`slice ${column}`, values.length, rows);
  const classes = input.task === 'classification' ? input.classes.length : 0;
  const checkAnswers = (of: string, { labels, scores, values }: Predictions): void => {
    check(`labels of ${of}`, labels?.length, rows);
    check(`values of ${of}`, values?.length, rows);
    check(`scores of ${of}`, scores?.length, rows * classes);
  };
  checkAnswers('the version', input.version);
  if (input.production) checkAnswers('production', input.production);
  if (input.task === 'classification') {
    const stray = input.truth.find((truth) => truth < 0 || truth >= classes);
    if (stray !== undefined) {
      throw new RangeError(`true class ${String(stray)}: expected one of ${String(classes)}`);
    }
  }
}
