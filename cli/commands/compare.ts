import { type Document, documentAt, isDocument, textAt } from '../document.ts';
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
  const head = ['FIGURE', ...sides.map((side) => `VERSION ${textAt(side, 'version') ?? '?'}`)];
  const live = liveLines(documentAt(compared, 'live'));
  const [first = [], ...rest] = live;
  return `${table(head, lines)}${live.length === 0 ? '' : `\n${table(first, rest)}`}`;
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

/** Whatever was counted of live traffic, by the path that leads to it. */
function liveLines(live: Document, prefix = 'live'): string[][] {
  return Object.entries(live).flatMap(([name, value]) => {
    const path = `${prefix} ${name}`;
    if (isDocument(value)) return liveLines(value, path);
    return typeof value === 'number' || typeof value === 'string'
      ? [[path, figureText(value)]]
      : [];
  });
}
