import type { Datatype, Signature, TensorSpec } from '../protocol/tensor.ts';
import type { Card } from '../registry/card.ts';

/**
 * Which output says what a row's answer is. `label`: that output's element; `scores` then names the
 * classes' probabilities beside it. `scores`: the largest of the classes' scores; `binary`: one
 * number a row, the probability of the positive class. `value`: a number.
 */
export type AnswerSource =
  | { readonly kind: 'label'; readonly output: string; readonly scores?: string }
  | { readonly kind: 'scores'; readonly output: string; readonly binary: boolean }
  | { readonly kind: 'value'; readonly output: string };

const FLOATS: ReadonlySet<Datatype> = new Set(['FP16', 'FP32', 'FP64']);

/**
 * Where a model's answer stands, by its signature and by what its card says of the task (labels are
 * a classifier's). Of several outputs that would do, the one that is named so, else the first.
 * Undefined: its answer is neither a label nor a number a row.
 */
export function answerSource(
  { outputs }: Signature,
  card: Pick<Card, 'task' | 'labels'>,
): AnswerSource | undefined {
  const task = card.task ?? (card.labels ? 'classification' : undefined);
  const value = called(
    outputs.filter((spec) => isFloat(spec) && isOneEach(spec)),
    /predict|value|variable|target/i,
  );
  if (task === 'regression') return value && { kind: 'value', output: value.name };

  const classes = card.labels?.length;
  const byClass = outputs.filter((spec) => isFloat(spec) && isOneByClass(spec));
  const rightMany = byClass.filter(({ shape }) => shape?.[1] === classes);
  const scores = called(rightMany.length > 0 ? rightMany : byClass, /prob|score|logit|confid/i);

  const whole = outputs.filter((spec) => !isFloat(spec) && isOneEach(spec));
  const label = called(whole, /label/i, /class/i);
  if (label) {
    return { kind: 'label', output: label.name, ...(scores && { scores: scores.name }) };
  }
  if (scores) return { kind: 'scores', output: scores.name, binary: false };
  if (!value) return undefined;
  return task === 'classification'
    ? { kind: 'scores', output: value.name, binary: true }
    : { kind: 'value', output: value.name };
}

function called(specs: readonly TensorSpec[], ...names: readonly RegExp[]): TensorSpec | undefined {
  for (const pattern of names) {
    const found = specs.find(({ name }) => pattern.test(name));
    if (found) return found;
  }
  return specs[0];
}

/** Whether an element is a float; all others name something. */
export function isFloat({ datatype }: Pick<TensorSpec, 'datatype'>): boolean {
  return FLOATS.has(datatype);
}

/** [N] or [N,1]. */
function isOneEach({ shape }: TensorSpec): boolean {
  return shape?.length === 1 || (shape?.length === 2 && shape[1] === 1);
}

/** [N,K]; K may be unknown. */
function isOneByClass({ shape }: TensorSpec): boolean {
  return shape?.length === 2 && shape[1] !== 1;
}
