import { type Document, documentAt, numberAt, textAt } from '../document.ts';
import { costFigures, qualityFigures } from '../report-text.ts';
import { figureText } from '../rollout-text.ts';
import type { Server } from '../server.ts';
import type { Globals } from '../terminal.ts';
import { table } from '../text-forms.ts';

/** `compare MODEL A B`: two versions side by side. */
export async function compareVersions(
  server: Server,
  { terminal, json }: Globals,
  ...[model, a, b]: [model: string, a: string, b: string]
): Promise<void> {
  const query = new URLSearchParams({ a, b });
  const path = `/models/${encodeURIComponent(model)}/compare?${query.toString()}`;
  const compared = await server.get(path);
  await terminal.write(json ? `${JSON.stringify(compared)}\n` : comparisonText(compared));
}

function comparisonText(compared: Document): string {
  const sides = ['a', 'b'].map((side) => documentAt(compared, side));
  const columns = sides.map(figuresOf);
  const names = new Set(columns.flatMap((column) => [...column.keys()]));
  const lines = [...names].map((name) => [name, ...columns.map((side) => side.get(name) ?? '-')]);
  const live = documentAt(compared, 'live');
  const head = ['FIGURE', ...sides.map((side) => `VERSION ${textAt(side, 'version') ?? '?'}`)];
  const arms = sides.map((side) => armOf(live, textAt(side, 'version')));
  const measured = [...new Set(arms.flatMap(Object.keys))]
    .filter((name) => arms.some((arm) => numberAt(arm, name) !== undefined))
    .map((name) => [`live ${name}`, ...arms.map((arm) => figureText(arm[name]))]);
  const [first = [], ...rest] = liveFacts(live);
  return `${table(head, [...lines, ...measured])}${first.length === 0 ? '' : `\n${table(first, rest)}`}`;
}

/** What was counted of a version in live traffic. */
function armOf(live: Document, version: string | undefined): Document {
  const arms = ['production', 'candidate'].map((arm) => documentAt(live, arm));
  return arms.find((arm) => textAt(arm, 'version') === version) ?? {};
}

/** When it was counted, and how far the two agreed on copies of the same requests. */
function liveFacts(live: Document): string[][] {
  const shadow = documentAt(live, 'shadow');
  const rollout = textAt(live, 'rollout');
  return [
    ['live since', textAt(live, 'since') ?? ''],
    ['rollout', rollout === undefined ? '' : `${rollout}, ${textAt(live, 'state') ?? ''}`],
    ['copies compared', numberAt(shadow, 'compared') ? figureText(shadow.compared) : ''],
    ['agreement', numberAt(shadow, 'compared') ? figureText(shadow.agreement) : ''],
  ].filter(([, text]) => text !== '');
}

/** A version's figures by name, as people read them. */
function figuresOf(side: Document): Map<string, string> {
  const report = documentAt(side, 'report');
  const quality = qualityFigures(documentAt(documentAt(report, 'quality'), 'figures'));
  return new Map([
    ['state', textAt(side, 'state') ?? ''],
    ...[...quality].map(([name, { value }]): [string, string] => [name, figureText(value)]),
    ...Object.entries(costFigures(report)).filter(([, text]) => text !== ''),
  ]);
}
