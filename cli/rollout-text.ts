import { type Document, documentAt, numberAt, textAt } from './document.ts';
import { table } from './text-forms.ts';

/** Where a rollout is, in a few words: `canary 25 %`, `shadow 100 %, paused`. */
export function whereabouts(rollout: Document): string {
  const at = documentAt(rollout, 'stage');
  const state = textAt(rollout, 'state') ?? 'unknown';
  const stage = `${textAt(at, 'kind') ?? 'at'} ${numberAt(at, 'percent') ?? 0} %`;
  return state === 'running' ? stage : `${stage}, ${state}`;
}

/** What was found when it was looked at last. */
export function verdictOf(rollout: Document): string | undefined {
  return textAt(documentAt(rollout, 'verdict'), 'why');
}

/** All that is known of a rollout, a line each. */
export function rolloutText(model: string, rollout: Document): string {
  const { steps } = rollout;
  const verdict = documentAt(rollout, 'verdict');
  const figures = Object.entries(documentAt(verdict, 'figures'));
  const facts = [
    ['rollout', textAt(rollout, 'id') ?? ''],
    ['state', textAt(rollout, 'state') ?? ''],
    ['why', textAt(rollout, 'why') ?? ''],
    ['model', `${model} ${textAt(rollout, 'from') ?? '?'} → ${textAt(rollout, 'version') ?? '?'}`],
    ['stage', whereabouts(rollout)],
    ['steps', Array.isArray(steps) ? steps.map((step) => `${String(step)} %`).join(', ') : ''],
    ['started', textAt(rollout, 'createdAt') ?? ''],
    ['ended', textAt(rollout, 'finishedAt') ?? ''],
    ['verdict', textAt(verdict, 'decision') ?? ''],
    ['', verdict.why === rollout.why ? '' : (verdictOf(rollout) ?? '')],
    ...figures.map(([name, figure]) => ['', `${name} ${figureText(figure)}`]),
  ].filter(([, value]) => value !== '');
  const [head = [], ...rest] = facts;
  return table(head, rest);
}

/** A measured number as people read it: three decimals at least where there are any. */
export function figureText(figure: unknown): string {
  if (typeof figure !== 'number') return typeof figure === 'string' ? figure : '-';
  if (Number.isInteger(figure)) return String(figure);
  return Math.abs(figure) < 1 ? figure.toPrecision(3) : figure.toFixed(3);
}
