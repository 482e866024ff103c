import type { RowToLookAt } from './quality.ts';

const MOST = 20;

interface Candidates<Answers> {
  readonly answers: Answers;
  readonly production: Answers | undefined;
  readonly lines: Int32Array;
}

/** Errors of a classifier: first those that production doesn't make, the surest first. */
export function errorsToLookAt({
  answers,
  production,
  lines,
  truth,
  scores,
  classes,
}: Candidates<Int32Array> & {
  readonly truth: Int32Array;
  readonly scores: Float64Array | undefined;
  readonly classes: readonly string[];
}): RowToLookAt[] {
  const confidence = (row: number): number => {
    const answered = answers[row] ?? -1;
    const score = answered < 0 ? undefined : scores?.[row * classes.length + answered];
    return score === undefined || !Number.isFinite(score) ? 0 : score;
  };
  const isNew = (row: number): number => (production && production[row] === truth[row] ? 1 : 0);
  const wrong = [...truth.keys()].filter((row) => answers[row] !== truth[row]);
  wrong.sort((a, b) => isNew(b) - isNew(a) || confidence(b) - confidence(a) || a - b);
  return wrong.slice(0, MOST).map((row) => ({
    line: lines[row] ?? 0,
    truth: classes[truth[row] ?? 0] ?? '',
    ...named('answered', classes[answers[row] ?? -1]),
    ...named('production', classes[production?.[row] ?? -1]),
    ...(scores && { confidence: confidence(row) }),
  }));
}

/** The largest errors of a regression. */
export function missesToLookAt({
  answers,
  production,
  lines,
  truth,
}: Candidates<Float64Array> & { readonly truth: Float64Array }): RowToLookAt[] {
  const miss = (row: number): number => Math.abs((answers[row] ?? 0) - (truth[row] ?? 0));
  const rows = [...truth.keys()].filter((row) => miss(row) > 0);
  rows.sort((a, b) => miss(b) - miss(a) || a - b);
  return rows.slice(0, MOST).map((row) => ({
    line: lines[row] ?? 0,
    truth: truth[row] ?? 0,
    ...named('answered', answers[row]),
    ...named('production', finite(production?.[row])),
  }));
}

function finite(value: number | undefined): number | undefined {
  return Number.isFinite(value) ? value : undefined;
}

function named<Name extends 'answered' | 'production'>(
  name: Name,
  value: string | number | undefined,
): Partial<Record<Name, string | number>> {
  return value === undefined ? {} : ({ [name]: value } as Record<Name, string | number>);
}
