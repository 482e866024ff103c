import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { blockAfter } from './bicep-folder.ts';

/** Files of `infra/` by their paths in it: Bicep, queries, the workbook's layout. */
export type InfraFiles = ReadonlyMap<string, string>;

export function readInfraFiles(folder = 'infra'): InfraFiles {
  const paths = ['.', 'queries', 'workbook'].flatMap((under) =>
    readdirSync(join(folder, under)).map((name) => join(under, name)),
  );
  return new Map(
    paths
      .filter((path) => /\.(bicep|kql|json)$/.test(path))
      .map((path) => [path, readFileSync(join(folder, path), 'utf8')]),
  );
}

/** @throws Error when there is none */
export function textAt(files: InfraFiles, path: string): string {
  const text = files.get(path);
  if (text === undefined) throw new Error(`infra has no ${path}`);
  return text;
}

/** An alert as alerts.bicep lists it; times as ISO 8601 has them, numbers as text. */
export interface AlertRule {
  readonly name: string;
  readonly title: string;
  readonly description: string;
  readonly severity: string;
  readonly every: string;
  readonly within: string;
  /** The path of its query. */
  readonly path: string;
  readonly measure: string;
  /** The threshold unless a parameter says otherwise. */
  readonly above: number;
  readonly by: readonly string[];
}

export function alertRules(files: InfraFiles): AlertRule[] {
  const text = textAt(files, 'alerts.bicep');
  const list = text.slice(text.indexOf('var rules = ['), text.indexOf('\n]\n'));
  return [...list.matchAll(/^ {2}\{\n[\s\S]*?^ {2}\}/gm)].map(([rule]) => {
    const member = (name: string): string =>
      new RegExp(`^    ${name}: (.*)$`, 'm').exec(rule)?.[1]?.trim() ?? '';
    const quoted = (name: string): string => member(name).replace(/^'(.*)'$/, '$1');
    return {
      name: quoted('name'),
      title: quoted('title'),
      description: quoted('description').replaceAll("\\'", "'"),
      severity: member('severity'),
      every: quoted('every'),
      within: quoted('within'),
      path: /^loadTextContent\('(.*)'\)$/.exec(member('query'))?.[1] ?? '',
      measure: quoted('measure'),
      above: Number(member('above').split('??').at(-1)),
      by: [...member('by').matchAll(/'([^']*)'/g)].map(([, column]) => column ?? ''),
    };
  });
}

/** A query as an alert runs it. */
export function alertQuery(files: InfraFiles, rule: AlertRule): string {
  return `${textAt(files, 'queries/prelude.kql')}\n${textAt(files, rule.path)}`;
}

/** An item of the workbook, as far as the tests look at it. */
export interface WorkbookItem {
  /** 9: parameters, 11: tabs, 3: a query. */
  readonly type: number;
  readonly name: string;
  readonly content: {
    readonly title?: string;
    readonly visualization?: string;
    readonly parameters?: readonly { name: string; query?: string }[];
    readonly links?: readonly { cellValue: string; linkTarget: string; subTarget: string }[];
    readonly exportParameterName?: string;
    readonly exportFieldName?: string;
  };
  readonly conditionalVisibility?: Condition;
  readonly conditionalVisibilities?: readonly Condition[];
}

interface Condition {
  readonly parameterName: string;
  readonly comparison: string;
  readonly value: string;
}

export function workbookItems(files: InfraFiles): readonly WorkbookItem[] {
  const layout = JSON.parse(textAt(files, 'workbook/layout.json')) as { items: WorkbookItem[] };
  return layout.items;
}

/** The paths of the workbook's queries by the names of the items that show them, as workbook.bicep has them. */
export function workbookPaths(files: InfraFiles): ReadonlyMap<string, string> {
  const block = blockAfter(textAt(files, 'workbook.bicep'), /^var queries = /m) ?? '';
  return new Map(
    [...block.matchAll(/^\s*'?([\w-]+)'?: loadTextContent\('(.*)'\)$/gm)].map(([, name, path]) => [
      name ?? '',
      path ?? '',
    ]),
  );
}

/** A query as the workbook runs it, with its parameters filled in. */
export function workbookQuery(
  files: InfraFiles,
  path: string,
  { model = '*', operation = 'none' } = {},
): string {
  return ['queries/prelude.kql', 'workbook/chosen.kql', path]
    .map((each) => textAt(files, each))
    .join('\n')
    .replaceAll('{TimeRange:grain}', '5m')
    .replaceAll('{Model}', model)
    .replaceAll('{Operation}', operation);
}
