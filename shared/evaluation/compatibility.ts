import type { Signature, TensorSpec } from '../protocol/tensor.ts';
import type { Card } from '../registry/card.ts';

/**
 * What a caller of production notices when another version takes its place. `extended`: all that was
 * accepted is accepted and all that was answered is answered, and there is more. `breaking`: some
 * calls that worked fail, or miss something; `changes` say which.
 */
export interface Compatibility {
  readonly kind: 'same' | 'extended' | 'breaking';
  readonly changes: readonly string[];
}

/** What callers of a version can rely on. */
export interface Promised {
  readonly signature: Signature;
  readonly card: Pick<Card, 'labels' | 'task'>;
}

interface Change {
  readonly breaking: boolean;
  readonly text: string;
}

/** Compares what callers of production rely on with what `version` takes and gives. */
export function compatibilityOf(production: Promised, version: Promised): Compatibility {
  const changes = [
    ...inputChanges(production.signature.inputs, version.signature.inputs),
    ...outputChanges(production.signature.outputs, version.signature.outputs),
    ...cardChanges(production.card, version.card),
  ];
  if (changes.length === 0) return { kind: 'same', changes: [] };
  return {
    kind: changes.some(({ breaking }) => breaking) ? 'breaking' : 'extended',
    changes: changes.map(({ text }) => text),
  };
}

function* inputChanges(
  before: readonly TensorSpec[],
  after: readonly TensorSpec[],
): Generator<Change> {
  for (const old of before) {
    const now = after.find(({ name }) => name === old.name);
    if (!now) yield breaking(`input \`${old.name}\`: is gone; calls that send it are refused`);
    else yield* tensorChanges('input', old, now);
  }
  for (const { name } of added(before, after)) {
    yield breaking(`input \`${name}\`: is new; calls that don't send it are refused`);
  }
}

function* outputChanges(
  before: readonly TensorSpec[],
  after: readonly TensorSpec[],
): Generator<Change> {
  for (const old of before) {
    const now = after.find(({ name }) => name === old.name);
    if (!now) yield breaking(`output \`${old.name}\`: is gone`);
    else yield* tensorChanges('output', old, now);
  }
  for (const { name } of added(before, after)) yield extended(`output \`${name}\`: is new`);
}

function added(before: readonly TensorSpec[], after: readonly TensorSpec[]): TensorSpec[] {
  return after.filter(({ name }) => !before.some((old) => old.name === name));
}

function* tensorChanges(
  what: 'input' | 'output',
  old: TensorSpec,
  now: TensorSpec,
): Generator<Change> {
  const changed = `${what} \`${old.name}\`: was ${specText(old)}, is ${specText(now)}`;
  if (old.datatype !== now.datatype) yield breaking(changed);
  else {
    const change = shapeChange(what, old.shape, now.shape);
    if (change === 'breaking') yield breaking(changed);
    if (change === 'extended') yield extended(changed);
  }
}

/**
 * An unknown rank (undefined) fits any. A dynamic dimension of an input that becomes fixed refuses
 * what was accepted; one of an output was no promise, so fixing it changes nothing for callers.
 */
function shapeChange(
  what: 'input' | 'output',
  old: TensorSpec['shape'],
  now: TensorSpec['shape'],
): 'breaking' | 'extended' | undefined {
  if (!old || !now) return undefined;
  if (old.length !== now.length) return 'breaking';
  let wider = false;
  for (const [axis, before] of old.entries()) {
    const after = now[axis];
    if (before === after) continue;
    if (after === -1) wider = true;
    else if (before !== -1 || what === 'input') return 'breaking';
  }
  return wider ? 'extended' : undefined;
}

function* cardChanges(old: Promised['card'], now: Promised['card']): Generator<Change> {
  if (old.task && now.task && old.task !== now.task) {
    yield breaking(`task: was ${old.task}, is ${now.task}`);
  }
  if (!old.labels || !now.labels) return;
  const length = Math.max(old.labels.length, now.labels.length);
  for (let index = 0; index < length; index++) {
    if (old.labels[index] === now.labels[index]) continue;
    const was = quoted(old.labels[index]);
    yield breaking(`labels: ${String(index)} meant ${was}, means ${quoted(now.labels[index])}`);
    return;
  }
}

function specText({ datatype, shape }: TensorSpec): string {
  return `${datatype} ${shape ? `[${shape.join(',')}]` : '[…]'}`;
}

function quoted(label: string | undefined): string {
  return label === undefined ? 'nothing' : `\`${label}\``;
}

function breaking(text: string): Change {
  return { breaking: true, text };
}

function extended(text: string): Change {
  return { breaking: false, text };
}
