import { METRICS } from '../../shared/telemetry/metric-names.ts';
import type { AlertExpectation } from './alert-expectations.ts';
import { alertRules, textAt, workbookItems, workbookPaths, workbookQuery } from './alert-rules.ts';
import { parseQuery } from './kusto.ts';

/** Metrics that the workbook does not show, each with its reason; there is none. */
const NOT_SHOWN: readonly string[] = [];

/** All that is told of can be seen; the workbook's parts fit each other. */
export const workbook: AlertExpectation = (files) => {
  const paths = workbookPaths(files);
  const items = workbookItems(files);
  const shown = items.filter(({ type }) => type === 3);
  const texts = shown.map(({ name }) => files.get(paths.get(name) ?? '') ?? '').join('\n');
  const used = new Set([...paths.values(), ...alertRules(files).map(({ path }) => path)]);
  return [
    ...Object.values(METRICS)
      .filter(({ name }) => !texts.includes(`'${name}'`) && !NOT_SHOWN.includes(name))
      .map(({ name }) => `${name} is shown nowhere`),
    ...[...files.keys()]
      .filter((path) => path.startsWith('queries/') && path !== 'queries/prelude.kql')
      .filter((path) => !used.has(path))
      .map((path) => `nothing uses ${path}`),
    ...shown.filter(({ name }) => !paths.has(name)).map(({ name }) => `${name} has no query`),
    ...[...paths]
      .filter(
        ([name, path]) =>
          path !== `queries/${name}.kql` || !shown.some((item) => item.name === name),
      )
      .map(([name]) => `workbook.bicep has a query ${name} that no item shows`),
  ];
};

/** Parameters are defined by an item above, and tabs that items stand on can be chosen. */
export const parameters: AlertExpectation = (files) => {
  const paths = workbookPaths(files);
  const defined = new Set<string>();
  const tabs = new Set<string>();
  const wrong: string[] = [];
  for (const item of workbookItems(files)) {
    const { content, conditionalVisibility, conditionalVisibilities = [], name } = item;
    const conditions = [
      ...(conditionalVisibility ? [conditionalVisibility] : []),
      ...conditionalVisibilities,
    ];
    const query =
      item.type === 3
        ? `${textAt(files, 'workbook/chosen.kql')}${files.get(paths.get(name) ?? '') ?? ''}`
        : '';
    const given = `${query}${content.title ?? ''}`;
    const used = [
      ...[...given.matchAll(/\{(\w+)(?::\w+)?\}/g)].map(([, parameter]) => parameter ?? ''),
      ...conditions.map(({ parameterName }) => parameterName),
    ];
    wrong.push(
      ...[...new Set(used)]
        .filter((parameter) => !defined.has(parameter))
        .map((parameter) => `${name} uses ${parameter}, which nothing above it defines`),
      ...conditions
        .filter(({ parameterName, value }) => parameterName === 'Tab' && !tabs.has(value))
        .map(({ value }) => `${name} stands on ${value}, which is no tab`),
    );
    if (content.exportFieldName !== undefined) {
      const { columns } = parseQuery(workbookQuery(files, paths.get(name) ?? ''));
      if (!columns.includes(content.exportFieldName)) {
        wrong.push(`${name} exports ${content.exportFieldName}, which it has not`);
      }
    }
    for (const { name: parameter } of content.parameters ?? []) defined.add(parameter);
    for (const { cellValue, subTarget } of content.links ?? []) {
      defined.add(cellValue);
      tabs.add(subTarget);
    }
    if (content.exportParameterName !== undefined) defined.add(content.exportParameterName);
  }
  return wrong;
};
