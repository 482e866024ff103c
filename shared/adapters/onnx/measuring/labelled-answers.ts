import type { AnswerSource } from '../../../evaluation/answer-source.ts';
import { classesOf, classFinder } from '../../../evaluation/classes.ts';
import type { Predictions, QualityInput } from '../../../evaluation/predictions.ts';
import type { Card } from '../../../registry/card.ts';
import type { Answers } from './answers.ts';
import type { EvaluationRows } from './evaluation-rows.ts';

/** Of bootstrap and folds: the same file and model give the same report. */
const SEED = 6;

/** Answers as figures are made of them. */
export interface Labelled {
  readonly input: QualityInput;
  /** Of the rows that were asked, those whose label can't be told. */
  readonly unlabelled: readonly { readonly row: number; readonly why: string }[];
}

/**
 * Brings labels and answers together. A row that a version could not answer counts as wrong: as no
 * class, with scores that prefer none; in a regression as the end of the labels' range that is
 * further off. Answers why not, where the file's labels can't be this model's.
 */
export function labelled(
  rows: EvaluationRows,
  card: Card,
  answers: { readonly version: Answers; readonly production?: Answers },
): Labelled | string {
  const { version } = answers;
  const { source } = version;
  if (!source)
    return 'no output is a label, scores or a number a row, so there is nothing to compare';
  return source.kind === 'value'
    ? regression(rows, answers)
    : classification(rows, card, { ...answers, source });
}

type Both = { readonly version: Answers; readonly production?: Answers };

function regression(rows: EvaluationRows, { version, production }: Both): Labelled | string {
  const numbers = rows.labels.map((text) =>
    text === undefined || text.trim() === '' ? Number.NaN : Number(text),
  );
  const { kept, unlabelled } = told(
    rows,
    (row) => Number.isFinite(numbers[row]),
    'a finite number',
  );
  if (kept.length === 0) return noLabels(rows, 'a number');
  const truth = Float64Array.from(kept, (row) => numbers[row] as number);
  let least = Number.POSITIVE_INFINITY;
  let most = Number.NEGATIVE_INFINITY;
  for (const value of truth) {
    least = Math.min(least, value);
    most = Math.max(most, value);
  }
  const predictions = (answers: Answers): Predictions => ({
    values: Float64Array.from(kept, (row, index) => {
      if (!answers.failures.has(row)) return answers.values[row] as number;
      const right = truth[index] as number;
      return right - least > most - right ? least : most;
    }),
  });
  return {
    input: {
      task: 'regression',
      truth,
      version: predictions(version),
      ...(production?.source?.kind === 'value' && { production: predictions(production) }),
      ...shared(rows, kept),
    },
    unlabelled,
  };
}

function classification(
  rows: EvaluationRows,
  card: Card,
  { version, production, source }: Both & { readonly source: AnswerSource },
): Labelled | string {
  const classes = card.labels ?? classesIn(rows, version, source);
  const find = classFinder(classes);
  const truths = rows.labels.map((text) =>
    text === undefined || text.trim() === '' ? -1 : find(text),
  );
  const expected = card.labels ? 'one of the card’s labels, or its index' : 'a class';
  const { kept, unlabelled } = told(rows, (row) => (truths[row] ?? -1) >= 0, expected);
  if (kept.length === 0) return noLabels(rows, expected);
  const positive = card.positive === undefined ? -1 : find(card.positive);
  const of = { classes, find, positive };
  return {
    input: {
      task: 'classification',
      classes,
      ...(positive >= 0 && { positive }),
      truth: Int32Array.from(kept, (row) => truths[row] as number),
      version: predictionsOf(version, kept, of),
      ...(production?.source &&
        production.source.kind !== 'value' && {
          production: predictionsOf(production, kept, of),
        }),
      ...shared(rows, kept),
    },
    unlabelled,
  };
}

/** The labels of the file; or all that the model scores, where these are its numbers. */
function classesIn(rows: EvaluationRows, version: Answers, source: AnswerSource): string[] {
  const given = rows.labels.filter((text) => text !== undefined && text.trim() !== '') as string[];
  const isNumberOfClass = (text: string): boolean => {
    const index = Number(text);
    return Number.isInteger(index) && index >= 0 && index < version.width;
  };
  if (version.width > 1 && given.every(isNumberOfClass)) {
    return Array.from({ length: version.width }, (_, index) => String(index));
  }
  if (
    source.kind === 'scores' &&
    source.binary &&
    given.every((text) => /^[01]$/.test(text.trim()))
  )
    return ['0', '1'];
  return classesOf(given);
}

function predictionsOf(
  { source, labels, scores, width, rows }: Answers,
  kept: Int32Array,
  {
    classes,
    find,
    positive,
  }: { classes: readonly string[]; find: ReturnType<typeof classFinder>; positive: number },
): Predictions {
  const isBinary = source?.kind === 'scores' && source.binary;
  const one = positive >= 0 ? positive : 1;
  const classOf = (text: string | undefined): number => {
    if (text === undefined) return -1;
    if (source?.kind !== 'scores') {
      const found = find(text);
      // BOOL is a class of its own spelling, else what 0 and 1 are.
      return found < 0 && (text === 'true' || text === 'false') ? find(text === 'true') : found;
    }
    if (!/^\d+$/.test(text)) return -1;
    if (isBinary) return text === '1' ? one : 1 - one;
    return Number(text) < classes.length ? Number(text) : -1;
  };
  const fits = scores && rows > 0 && (isBinary ? classes.length === 2 : width === classes.length);
  return {
    labels: Int32Array.from(kept, (row) => classOf(labels[row])),
    ...(fits && {
      scores: isBinary ? bothWays(scores, kept, one) : keptScores(scores, kept, width),
    }),
  };
}

/** [1 − p, p], the positive class in its place. */
function bothWays(scores: Float64Array, kept: Int32Array, one: number): Float64Array {
  const both = new Float64Array(kept.length * 2);
  for (const [index, row] of kept.entries()) {
    const p = scores[row] as number;
    both[index * 2 + one] = Number.isNaN(p) ? 0.5 : p;
    both[index * 2 + 1 - one] = Number.isNaN(p) ? 0.5 : 1 - p;
  }
  return both;
}

function keptScores(scores: Float64Array, kept: Int32Array, width: number): Float64Array {
  const found = new Float64Array(kept.length * width);
  for (const [index, row] of kept.entries()) {
    const of = scores.subarray(row * width, (row + 1) * width);
    if (of.some((score) => Number.isNaN(score)))
      found.fill(1 / width, index * width, (index + 1) * width);
    else found.set(of, index * width);
  }
  return found;
}

function told(
  rows: EvaluationRows,
  isKnown: (row: number) => boolean,
  expected: string,
): { kept: Int32Array; unlabelled: { row: number; why: string }[] } {
  const unlabelled: { row: number; why: string }[] = [];
  const kept: number[] = [];
  for (let row = 0; row < rows.asked.length; row++) {
    if (isKnown(row)) kept.push(row);
    else {
      const text = rows.labels[row];
      const got =
        text === undefined ? 'a row that can’t be read' : JSON.stringify(text.slice(0, 60));
      unlabelled.push({
        row,
        why: `column \`${rows.aside.label ?? ''}\`: expected ${expected}, got ${got}`,
      });
    }
  }
  return { kept: Int32Array.from(kept), unlabelled };
}

function noLabels(rows: EvaluationRows, expected: string): string {
  const first = rows.labels.find((text) => text !== undefined);
  const got = first === undefined ? 'nothing' : JSON.stringify(first.slice(0, 60));
  return `no row of column \`${rows.aside.label ?? ''}\` holds ${expected}; the first holds ${got}`;
}

function shared({ lines, slices }: EvaluationRows, kept: Int32Array) {
  return {
    lines: Int32Array.from(kept, (row) => lines[row] as number),
    slices: slices.map(({ column, values }) => ({
      column,
      values: Array.from(kept, (row) => values[row] as string),
    })),
    seed: SEED,
  };
}
