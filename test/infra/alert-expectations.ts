import { functions } from '../../functions/index.ts';
import { isOurs, type Outcome } from '../../shared/telemetry/failure-side.ts';
import { METRICS } from '../../shared/telemetry/metric-names.ts';
import type { Attribute } from '../../shared/telemetry/operation.ts';
import {
  alertQuery,
  alertRules,
  type InfraFiles,
  textAt,
  workbookItems,
  workbookPaths,
  workbookQuery,
} from './alert-rules.ts';
import { parseQuery } from './kusto.ts';

/** What alerts and workbook must be like; each answers what is wrong, empty when it is right. */
export type AlertExpectation = (files: InfraFiles) => string[];

/** What the deployment must tell of; docs/operations.md has a section for each. */
const ALERTS = [
  'error-rate',
  'slow-model',
  'saturation',
  'poison',
  'stuck',
  'no-telemetry',
  'rolled-back',
  'telemetry-dropped',
];

/** Each query is one, of columns that there are. */
export const queries: AlertExpectation = (files) => {
  const problemsOf = (path: string, text: string): string[] =>
    parseQuery(text).problems.map((problem) => `${path}: ${problem}`);
  // What is wrong with the prelude every query would say again.
  const prelude = problemsOf(
    'queries/prelude.kql',
    `${textAt(files, 'queries/prelude.kql')}\nprint 1`,
  );
  if (prelude.length > 0) return prelude;
  return [
    ...alertRules(files).flatMap((rule) => problemsOf(rule.path, alertQuery(files, rule))),
    ...[...workbookPaths(files).values()].flatMap((path) =>
      problemsOf(path, workbookQuery(files, path)),
    ),
    ...workbookItems(files)
      .flatMap(({ content }) => content.parameters ?? [])
      .flatMap(({ name, query }) => (query === undefined ? [] : problemsOf(name, query))),
  ];
};

/** What each function of the preludes reads of the metric that it is given. */
const READ_BY: Readonly<Record<string, readonly string[]>> = {
  metric: [],
  chosen: ['model'],
  sketches: ['model', 'version', 'route', 'sketch'],
};
/** What queries read of spans and exceptions. */
const ATTRIBUTES = [
  'kind',
  ...(['model', 'version', 'route', 'rollout', 'step'] satisfies Attribute[]),
];

/** Each metric that a query names is told of, with each dimension that the query reads behind it. */
export const figures: AlertExpectation = (files) => {
  const texts = [...files].filter(([path]) => path.startsWith('queries/'));
  const parameters = workbookItems(files).flatMap(({ content }) => content.parameters ?? []);
  return [
    ...texts.flatMap(([path, text]) => figuresOf(path, text)),
    ...parameters.flatMap(({ name, query = '' }) => figuresOf(name, query)),
  ];
};

function figuresOf(path: string, text: string): string[] {
  const wrong: string[] = [];
  let known = ATTRIBUTES;
  let metric = 'a span';
  const pattern = /(?:(\w+)\()?'(pilotlight\.[a-z.]*[a-z])'|Properties\.(\w+)/g;
  for (const [, reader = 'metric', name, dimension] of text
    .replace(/^\s*\/\/.*$/gm, '')
    .matchAll(pattern)) {
    const read = [...(dimension === undefined ? (READ_BY[reader] ?? []) : [dimension])];
    if (name !== undefined) {
      metric = name;
      known = dimensionsOf(name);
      if (known.length === 0) wrong.push(`${path}: nothing tells of ${name}`);
    }
    wrong.push(
      ...read
        .filter((each) => !known.includes(each))
        .map((each) => `${path}: ${metric} has no ${each}`),
    );
  }
  return wrong;
}

/** Empty where there is no such metric. */
function dimensionsOf(name: string): string[] {
  const metric = Object.values(METRICS).find((each) => each.name === name);
  if (!metric) return [];
  return [...metric.by, 'AppRoleInstance', ...('sketched' in metric ? ['sketch'] : [])];
}

/** All that must be told of is, in a way that reaches somebody and says what to do. */
export const alerts: AlertExpectation = (files) => {
  const rules = alertRules(files);
  const wrong = ALERTS.filter((name) => !rules.some((rule) => rule.name === name)).map(
    (name) => `no alert ${name}`,
  );
  for (const rule of rules) {
    const { columns } = parseQuery(alertQuery(files, rule));
    if (!ALERTS.includes(rule.name)) wrong.push(`${rule.name} is an alert that nobody asked for`);
    if (rule.path !== `queries/${rule.name}.kql`) wrong.push(`${rule.name} runs ${rule.path}`);
    if (rule.description.length < 30) wrong.push(`${rule.name} does not say what it means`);
    if (!/^[123]$/.test(rule.severity)) wrong.push(`${rule.name} has severity ${rule.severity}`);
    if (!(rule.above >= 0)) wrong.push(`${rule.name} has no threshold`);
    const told = [rule.measure, ...rule.by];
    if ([...told].sort().join() !== [...columns].sort().join()) {
      wrong.push(`${rule.name} looks at ${told.join(', ')}; its query has ${columns.join(', ')}`);
    }
  }
  const text = textAt(files, 'alerts.bicep');
  for (const line of RAISED) if (!line.test(text)) wrong.push(`alerts.bicep has no ${line.source}`);
  const main = textAt(files, 'main.bicep');
  for (const line of DEPLOYED) if (!line.test(main)) wrong.push(`main.bicep has no ${line.source}`);
  return wrong;
};

const RAISED = [
  /enabled: true\n\s+severity: rule\.severity/,
  /scopes: \[workspaceId\]/,
  /evaluationFrequency: rule\.every/,
  /windowSize: rule\.within/,
  /query: '\$\{prelude\}\\n\$\{rule\.query\}'/,
  /var prelude = loadTextContent\('queries\/prelude\.kql'\)/,
  /metricMeasureColumn: rule\.measure/,
  /operator: 'GreaterThan'/,
  /threshold: rule\.above/,
  /map\(rule\.by, column => \{ name: column, operator: 'Include', values: \['\*'\] \}\)/,
  /autoMitigate: true/,
  /description: '\$\{rule\.description\} What to do: docs\/operations\.md#\$\{rule\.name\}'/,
  /actionGroups: empty\(contacts\) \? \[\] : \[people\.id\]/,
  /groupShortName: '.{1,12}'\n\s+enabled: true/,
  /var urgent = alerts\.\?frequency \?\? 'PT5M'/,
];
const DEPLOYED = [
  /module \w+ 'alerts\.bicep' = \{\n\s+scope: group[^}]*contacts: contacts[^}]*alerts: alerts/,
  /module \w+ 'workbook\.bicep' = \{\n\s+scope: group/,
];

/** Every outcome but `ok`; a new one does not compile until it stands here. */
const OUTCOMES: Readonly<Record<Outcome, true>> = {
  malformed: true,
  unauthenticated: true,
  forbidden: true,
  notFound: true,
  conflict: true,
  lengthRequired: true,
  tooLarge: true,
  stale: true,
  rangeNotSatisfiable: true,
  unsupportedMedia: true,
  rejected: true,
  overloaded: true,
  notReady: true,
  unavailable: true,
  deadlinePassed: true,
  damaged: true,
  bug: true,
};

/** What counts as our fault is what the code calls so; functions that queries name are there. */
export const words: AlertExpectation = (files) => {
  const prelude = textAt(files, 'queries/prelude.kql');
  const named = /let ours = dynamic\(\[(.*)\]\);/.exec(prelude)?.[1] ?? '';
  const ours = [...named.matchAll(/'(\w+)'/g)].map(([, kind]) => kind ?? '');
  const expected = Object.keys(OUTCOMES).filter((outcome) => isOurs(outcome as Outcome));
  const silent = textAt(files, 'queries/no-telemetry.kql');
  const asked = /OperationName in \((.*)\)/.exec(silent)?.[1] ?? '';
  const inference = functions.flatMap((each) =>
    each.kind === 'http' && each.predicts ? [each.name] : [],
  );
  return [
    ...expected.filter((kind) => !ours.includes(kind)).map((kind) => `${kind} is our fault too`),
    ...ours.filter((kind) => !expected.includes(kind)).map((kind) => `${kind} is not our fault`),
    ...inference
      .filter((name) => !asked.includes(`'${name}'`))
      .map((name) => `${name} is not looked at`),
    ...[...asked.matchAll(/'([\w-]+)'/g)]
      .filter(([, name]) => !inference.includes(name ?? ''))
      .map(([, name]) => `${name ?? ''} is no function`),
  ];
};
