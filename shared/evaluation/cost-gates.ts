import { BUDGET_GATES, type BudgetGate, settingOf } from './gate-settings.ts';
import type { GateResult, GateSubject } from './gates.ts';

/** Cost against the card's budgets, or its gates of the same name. */
export function costFindings({ card, cost }: GateSubject): GateResult[] {
  const figures: Record<BudgetGate, number | undefined> = {
    p95Ms: cost.alone?.p95,
    loadMs: cost.loadMs,
    bytes: cost.bytes,
  };
  return BUDGET_GATES.flatMap((gate): GateResult[] => {
    const { bound } = settingOf(card, gate);
    if (bound === undefined) return [];
    const figure = figures[gate];
    if (figure === undefined) {
      return [
        { gate, result: 'unknown', why: `${WHAT[gate]}: not measured, no run worked`, bound },
      ];
    }
    const why = `${WHAT[gate]}: ${text(figure, gate)}, the budget is ${text(bound, gate)}`;
    return [{ gate, result: figure <= bound ? 'passed' : 'failed', why, figure, bound }];
  });
}

const WHAT: Readonly<Record<BudgetGate, string>> = {
  p95Ms: 'p95 latency of one row',
  loadMs: 'load time',
  bytes: 'size of the ONNX file',
};

function text(figure: number, gate: BudgetGate): string {
  return gate === 'bytes'
    ? `${String(figure)} bytes`
    : `${String(Number(figure.toPrecision(3)))} ms`;
}
