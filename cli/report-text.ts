import {
  type Document,
  documentAt,
  documentsAt,
  isDocument,
  numberAt,
  textAt,
} from './document.ts';
import { figureText } from './rollout-text.ts';
import { count, size, table } from './text-forms.ts';

/** A readiness report in short: outcome, gates (what failed first), main figures. */
export function reportText(report: Document): string {
  const parts = [factsTable(report), gatesTable(report), qualityTable(report)];
  return parts.filter((part) => part !== '').join('\n');
}

function factsTable(report: Document): string {
  const compatibility = documentAt(report, 'compatibility');
  const found = documentAt(compatibility, 'found');
  const changes = textsAt(found, 'changes');
  const quality = documentAt(report, 'quality');
  const rows = numberAt(quality, 'rows');
  const facts = [
    ['model', `${textAt(report, 'model') ?? ''} ${textAt(report, 'version') ?? ''}`],
    ['outcome', textAt(report, 'outcome') ?? ''],
    ...listed('reason', textsAt(report, 'reasons')),
    ...listed('warning', textsAt(report, 'warnings')),
    ['callers', `${textAt(found, 'kind') ?? ''} ${changes.join('; ')}`.trim()],
    ['rows', rows === undefined ? (textAt(report, 'qualityProblem') ?? '') : count(rows)],
    ...Object.entries(costFigures(report)).map(([name, text]) => [name, text]),
  ].filter(([, value]) => value !== '');
  const [head = [], ...rest] = facts;
  return table(head, rest);
}

const RESULTS = ['failed', 'unknown', 'passed'];

function gatesTable(report: Document): string {
  const rankOf = (gate: Document) => RESULTS.indexOf(textAt(gate, 'result') ?? '');
  const gates = [...documentsAt(report, 'gates')].sort((a, b) => rankOf(a) - rankOf(b));
  if (gates.length === 0) return '';
  const lines = gates.map((gate) => [
    textAt(gate, 'gate') ?? '',
    textAt(gate, 'result') ?? '',
    figureText(gate.figure),
    figureText(gate.bound),
    textAt(gate, 'why') ?? '',
  ]);
  return table(['GATE', 'RESULT', 'FIGURE', 'BOUND', 'WHY'], lines);
}

function qualityTable(report: Document): string {
  const quality = documentAt(report, 'quality');
  const comparison = documentAt(quality, 'comparison');
  const production = qualityFigures(documentAt(comparison, 'production'));
  const difference = qualityFigures(documentAt(comparison, 'difference'));
  const lines = [...qualityFigures(documentAt(quality, 'figures'))].map(([name, figure]) => [
    name,
    figureText(figure.value),
    intervalText(figure),
    figureText(production.get(name)?.value),
    figureText(difference.get(name)?.value),
    intervalText(difference.get(name) ?? {}),
  ]);
  if (lines.length === 0) return '';
  const head = ['FIGURE', 'VERSION', '95 %', 'PRODUCTION', 'DIFFERENCE', '95 %'];
  return production.size > 0
    ? table(head, lines)
    : table(
        head.slice(0, 3),
        lines.map((line) => line.slice(0, 3)),
      );
}

/** Every `{value, low, high}` below `figures`, by the path that leads to it: `macro f1`. */
export function qualityFigures(figures: Document, prefix = ''): Map<string, Document> {
  const found = new Map<string, Document>();
  for (const [name, value] of Object.entries(figures)) {
    if (!isDocument(value)) continue;
    const path = prefix === '' ? name : `${prefix} ${name}`;
    if (numberAt(value, 'value') !== undefined) found.set(path, value);
    else for (const [below, figure] of qualityFigures(value, path)) found.set(below, figure);
  }
  return found;
}

/** What serving the version takes, by name. */
export function costFigures(report: Document): Record<string, string> {
  const cost = documentAt(report, 'cost');
  const alone = documentAt(cost, 'alone');
  const ms = (document: Document, name: string) => {
    const value = numberAt(document, name);
    return value === undefined ? '' : `${figureText(value)} ms`;
  };
  const bytes = numberAt(cost, 'bytes');
  return {
    bytes: bytes === undefined ? '' : size(bytes),
    load: ms(cost, 'loadMs'),
    'p50 of a row': ms(alone, 'p50'),
    'p95 of a row': ms(alone, 'p95'),
  };
}

function intervalText(figure: Document): string {
  const [low, high] = [numberAt(figure, 'low'), numberAt(figure, 'high')];
  return low === undefined || high === undefined ? '' : `${figureText(low)} … ${figureText(high)}`;
}

function listed(name: string, texts: readonly string[]): string[][] {
  return texts.map((text, i) => [i === 0 ? name : '', text]);
}

function textsAt(document: Document, name: string): string[] {
  const value = document[name];
  return Array.isArray(value) ? value.filter((text) => typeof text === 'string') : [];
}
