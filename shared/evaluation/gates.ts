import type { Card } from '../registry/card.ts';
import type { Measurements } from './assessment.ts';
import { costFindings } from './cost-gates.ts';
import { BUDGET_GATES, GATES, type Gate, settingOf } from './gate-settings.ts';
import { qualityFindings } from './quality-gates.ts';
import { robustnessFindings } from './robustness-gates.ts';

/** One threshold that a version must meet. */
export interface GateResult {
  /** As the card's `gates` name it. */
  readonly gate: string;
  /** `unknown`: there is not enough to tell; it rejects nothing, and a rollout waits for somebody. */
  readonly result: 'passed' | 'failed' | 'unknown';
  /** For people: the figure, the bound, and what to look at. */
  readonly why: string;
  readonly figure?: number;
  readonly bound?: number;
  /** Lines of the evaluation file to look at, the first data line is 2. */
  readonly lines?: readonly number[];
}

/** What is judged, and the card that says by which thresholds. */
export interface GateSubject extends Measurements {
  readonly card: Pick<Card, 'gates' | 'budgets'>;
}

/**
 * Judges what was measured. Gates that don't apply have no result: those of a classifier for a
 * regression, `notWorse` without a production version, budgets that the card doesn't name.
 */
export function gatesOf(subject: GateSubject): GateResult[] {
  return [
    ...misnamed(subject.card),
    ...qualityFindings(subject),
    ...robustnessFindings(subject),
    ...costFindings(subject),
  ];
}

/** Why a rollout that would begin by itself waits for somebody; undefined: it needn't. */
export function holdsOf(gates: readonly GateResult[]): string | undefined {
  const unknown = gates.filter(({ result }) => result === 'unknown');
  return unknown.length === 0 ? undefined : unknown.map(({ why }) => why).join('; ');
}

/** Settings that nothing is judged by: their owner meant something else. */
function misnamed(card: GateSubject['card']): GateResult[] {
  const known: readonly string[] = [...Object.keys(GATES), ...BUDGET_GATES];
  return Object.entries(card.gates ?? {}).flatMap(([gate, value]) => {
    const problem = known.includes(gate)
      ? settingOf(card, gate as Gate).problem
      : `there is no such gate; there are ${known.join(', ')}`;
    if (problem === undefined) return [];
    return {
      gate,
      result: 'unknown' as const,
      why: `gate \`${gate}\`: ${problem} (it is ${JSON.stringify(value)})`,
    };
  });
}
