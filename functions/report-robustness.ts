import type { Cost, Percentiles } from '../shared/evaluation/cost.ts';
import type { Probe, Robustness } from '../shared/evaluation/robustness.ts';
import type { Report } from './report.ts';
import {
  bytesText,
  type Cell,
  html,
  list,
  msText,
  NOTHING,
  paragraph,
  percentText,
  type Raw,
  section,
  table,
} from './report-html.ts';

const WORD: Readonly<Record<Probe['outcome'], string>> = {
  answered: 'answered',
  refused: 'refused',
  crashed: 'crashed',
  notTried: 'not tried',
};

/** What it does with inputs that nobody meant for it, what it costs, whom it would surprise. */
export function behaviourParts(report: Report): readonly Raw[] {
  const { robustness, cost, compatibility } = report;
  return [
    robustness ? section('Robustness', rowsText(robustness), probes(robustness)) : NOTHING,
    cost ? section('Cost', costTable(cost, report.card.budgets)) : NOTHING,
    compatibility
      ? section(
          'Compatibility',
          paragraph(
            html`To callers of version ${compatibility.version} it is <strong>${KIND[compatibility.kind]}</strong>.`,
          ),
          list(compatibility.changes),
        )
      : NOTHING,
  ];
}

const KIND = {
  same: 'the same',
  extended: 'the same and more',
  breaking: 'breaking: it takes no traffic unless that is allowed',
} as const;

function rowsText({ rows }: Robustness): Raw {
  if (!rows) return NOTHING;
  const { flipped, noise, nan, nanLines, asked } = rows;
  const moved =
    rows.rows === 0
      ? ''
      : `With every number moved by ${noise} standard deviations of its column, ${flipped} of ${rows.rows} rows are answered with another class (${percentText(flipped / rows.rows)}). `;
  const spoilt =
    nan === 0
      ? `No row of finite numbers, of ${asked}, is answered with NaN.`
      : `${nan} of ${asked} rows of finite numbers are answered with NaN: lines ${nanLines.join(', ')}.`;
  return paragraph(moved + spoilt);
}

function probes({ probes: tried }: Robustness): Raw {
  return table(
    ['probe', 'outcome', ''],
    tried.map(({ probe, outcome, why }): Cell[] => [
      probe,
      html`<span class="badge ${outcome === 'crashed' ? 'failed' : outcome === 'notTried' ? 'unknown' : 'passed'}">${WORD[outcome]}</span>`,
      why === undefined ? '' : html`<span class="why">${why}</span>`,
    ]),
  );
}

function costTable(
  { bytes, loadMs, memoryBytes, alone, batched }: Cost,
  budgets: Report['card']['budgets'],
): Raw {
  const three = ({ p50, p95, p99 }: Percentiles) =>
    `p50 ${msText(p50)}, p95 ${msText(p95)}, p99 ${msText(p99)}`;
  const rows: Cell[][] = [
    [
      'one row alone',
      alone ? three(alone) : 'not known: no run worked',
      of(budgets?.p95Ms, 'p95 '),
    ],
    ...(batched ? [[`${batched.rows} rows in a run`, three(batched), '']] : []),
    ['load', msText(loadMs), of(budgets?.loadMs, '')],
    ['memory it grew by', bytesText(memoryBytes), ''],
    ['ONNX file', bytesText(bytes), budgets?.bytes === undefined ? '' : bytesText(budgets.bytes)],
  ];
  const isBudgeted = budgets !== undefined && Object.keys(budgets).length > 0;
  return table(
    isBudgeted ? ['', 'measured', 'budget'] : ['', 'measured'],
    rows.map((row) => (isBudgeted ? row : row.slice(0, 2))),
  );
}

function of(budgetMs: number | undefined, name: string): string {
  return budgetMs === undefined ? '' : `${name}${msText(budgetMs)}`;
}
