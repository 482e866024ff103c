import type { GateResult } from '../shared/evaluation/gates.ts';
import type { Report } from './report.ts';
import {
  type Cell,
  figureText,
  html,
  list,
  NOTHING,
  paragraph,
  type Raw,
  section,
  table,
} from './report-html.ts';

const ORDER = ['failed', 'unknown', 'passed'] as const;
const WORD: Readonly<Record<GateResult['result'], string>> = {
  failed: 'failed',
  unknown: 'can’t tell',
  passed: 'passed',
};

/** What became of a version, and why: what a reader looks for first. */
export function verdictPart(report: Report): Raw {
  const { gates = [], holds } = report;
  const counts = ORDER.map((result) => gates.filter((gate) => gate.result === result).length);
  const [failed = 0, unknown = 0, passed = 0] = counts;
  const told = [
    failed > 0 ? `${failed} failed` : '',
    unknown > 0 ? `${unknown} can’t be told` : '',
    passed > 0 ? `${passed} passed` : '',
  ].filter(Boolean);
  const word = report.outcome === 'ready' ? 'Ready' : 'Rejected';
  const sum = gates.length > 0 ? `Of ${gates.length} gates ${told.join(', ')}.` : '';
  return html`<p class="verdict ${report.outcome}"><strong>${word}.</strong> ${sum}</p>
${holds === undefined || report.outcome !== 'ready' ? NOTHING : paragraph(html`A rollout that would begin by itself waits for somebody: ${holds}`)}
${report.reasons && gates.length === 0 ? section('Reasons', list(report.reasons)) : NOTHING}
${gatesPart(gates)}`;
}

function gatesPart(gates: readonly GateResult[]): Raw {
  const sorted = ORDER.flatMap((result) => gates.filter((gate) => gate.result === result));
  return section(
    'Gates',
    table(
      ['gate', 'result', 'figure', 'bound', 'why'],
      sorted.map(({ gate, result, figure, bound, why, lines }): Cell[] => [
        gate,
        html`<span class="badge ${result}">${WORD[result]}</span>`,
        numberCell(figure),
        numberCell(bound),
        lines && lines.length > 0
          ? html`<span class="why">${why}</span> <span class="aside lines">Lines to look at: ${lines.join(', ')}</span>`
          : html`<span class="why">${why}</span>`,
      ]),
    ),
  );
}

function numberCell(value: number | undefined): Cell {
  return value === undefined ? '' : html`<span class="figure">${figureText(value)}</span>`;
}
