import { describe, expect, test } from '@jest/globals';
import {
  type AlertExpectation,
  alerts,
  figures,
  queries,
  words,
} from './infra/alert-expectations.ts';
import { type InfraFiles, readInfraFiles } from './infra/alert-rules.ts';
import { parameters, workbook } from './infra/workbook-expectations.ts';

const INFRA = readInfraFiles();
const EXPECTATIONS: Readonly<Record<string, AlertExpectation>> = {
  queries,
  figures,
  alerts,
  words,
  workbook,
  parameters,
};

test.each(Object.entries(EXPECTATIONS))('%s are as they must be', (_, expectation) => {
  expect(expectation(INFRA)).toEqual([]);
});

/** The same with a piece of a file exchanged; there must be such a piece. */
function faulty(path: string, piece: RegExp | string, instead = ''): InfraFiles {
  const text = INFRA.get(path) ?? '';
  const changed = text.replace(piece, instead);
  expect(changed).not.toBe(text);
  return new Map([...INFRA, [path, changed]]);
}

type Fault = readonly [
  what: string,
  expectation: AlertExpectation,
  path: string,
  piece: RegExp | string,
  instead?: string,
];

const POISON = /^ {2}\{\n {4}name: 'poison'[\s\S]*?^ {2}\}\n/m;

describe('a fault is noticed:', () => {
  test.each<Fault>([
    ['a bracket is open', queries, 'queries/error-rate.kql', 'sum(Sum)', 'sum(Sum'],
    ['a quote is open', queries, 'queries/rolled-back.kql', "'rolledBack'", "'rolledBack"],
    ['a column that no table has', queries, 'queries/saturation.kql', '(Sum)', '(Total)'],
    ['a function that is not there', queries, 'queries/prelude.kql', 'row_cumsum', 'row_sum'],
    ['a table that is not there', queries, 'queries/slowest.kql', 'AppDependencies', 'Spans'],
    ['the prelude is broken', queries, 'queries/prelude.kql', 'on at, key', 'on at, name'],
    [
      'a parameter’s query is broken',
      queries,
      'workbook/layout.json',
      '| extend label',
      '| extnd label',
    ],
    ['a metric is misspelt', figures, 'queries/stuck.kql', 'pilotlight.stuck', 'pilotlight.stack'],
    ['the wrong metric', figures, 'queries/poison.kql', 'pilotlight.poison', 'pilotlight.stuck'],
    [
      'a dimension is misspelt',
      figures,
      'queries/errors.kql',
      'Properties.route',
      'Properties.rout',
    ],
    [
      'a dimension of another metric',
      figures,
      'queries/cold-starts.kql',
      'Properties.phase',
      'Properties.model',
    ],
    ['a model of what has none', figures, 'queries/memory.kql', 'metric(', 'chosen('],
    [
      'a sketch of what has none',
      figures,
      'queries/runs.kql',
      'pilotlight.infer.ms',
      'pilotlight.load.ms',
    ],
    [
      'a parameter’s metric is misspelt',
      figures,
      'workbook/layout.json',
      'pilotlight.requests',
      'pilotlight.request',
    ],
    ['an alert is taken away', alerts, 'alerts.bicep', POISON],
    ['an alert is named otherwise', alerts, 'alerts.bicep', "name: 'stuck'", "name: 'stalled'"],
    [
      'alerts are disabled',
      alerts,
      'alerts.bicep',
      /enabled: true(?=\n\s+severity)/,
      'enabled: false',
    ],
    [
      'the group is disabled',
      alerts,
      'alerts.bicep',
      /enabled: true(?=\n\s+email)/,
      'enabled: false',
    ],
    ['nobody is told', alerts, 'alerts.bicep', /actions: \{.*\}/, ''],
    ['it does not say what to do', alerts, 'alerts.bicep', '#${rule.name}', ''],
    ['it looks elsewhere', alerts, 'alerts.bicep', 'scopes: [workspaceId]', 'scopes: []'],
    [
      'it runs another’s query',
      alerts,
      'alerts.bicep',
      "'queries/stuck.kql'",
      "'queries/poison.kql'",
    ],
    ['it looks at no column', alerts, 'alerts.bicep', "measure: 'messages'", "measure: 'count'"],
    ['it tells apart by no column', alerts, 'alerts.bicep', "by: ['queue']", "by: ['model']"],
    [
      'its query lost a column',
      alerts,
      'queries/slow-model.kql',
      /, version = tostring.*(?=, percent)/,
    ],
    ['it has no threshold', alerts, 'alerts.bicep', 'alerts.?errorPercent ?? 5', "''"],
    ['it is without the prelude', alerts, 'alerts.bicep', '${prelude}\\n', ''],
    [
      'the alerts are not deployed',
      alerts,
      'main.bicep',
      "'alerts.bicep' = {",
      "'budget.bicep' = {",
    ],
    [
      'nobody’s address is handed on',
      alerts,
      'main.bicep',
      /contacts: contacts\n\s+alerts/,
      'alerts',
    ],
    ['the workbook is not deployed', alerts, 'main.bicep', "'workbook.bicep'", "'budget.bicep'"],
    ['bugs are not our fault', words, 'queries/prelude.kql', ", 'bug'", ''],
    ['callers’ mistakes are', words, 'queries/prelude.kql', "'bug'", "'bug', 'malformed'"],
    ['a function is called otherwise', words, 'queries/no-telemetry.kql', "'infer'", "'predict'"],
    ['a function is forgotten', words, 'queries/no-telemetry.kql', ", 'infer-version'", ''],
    [
      'a metric is shown nowhere',
      workbook,
      'queries/cache.kql',
      'pilotlight.evictions',
      'pilotlight.load.ms',
    ],
    [
      'a query is shown nowhere',
      workbook,
      'workbook/layout.json',
      '"name": "memory"',
      '"name": "rows"',
    ],
    ['an item has no query', workbook, 'workbook.bicep', /^.*queries\/cache\.kql.*\n/m],
    [
      'an item shows another’s query',
      workbook,
      'workbook.bicep',
      'queries/rows.kql',
      'queries/cache.kql',
    ],
    ['no time can be chosen', parameters, 'workbook/layout.json', '"TimeRange",\n', '"Range",\n'],
    ['a parameter is misspelt', parameters, 'workbook/chosen.kql', "'{Model}' ==", "'{Modell}' =="],
    [
      'an operation is never chosen',
      parameters,
      'workbook/layout.json',
      /"exportParameterName": "\w+"/g,
      '"x": 1',
    ],
    [
      'a column that it has not is handed on',
      parameters,
      'workbook/layout.json',
      '"OperationId"',
      '"Operation"',
    ],
    [
      'a tab that is not there',
      parameters,
      'workbook/layout.json',
      '"subTarget": "loading"',
      '"subTarget": "load"',
    ],
  ])('%s', (_, expectation, ...fault) => {
    expect(expectation(faulty(...fault))).not.toEqual([]);
  });

  test('a query that nothing uses', () => {
    expect(workbook(new Map([...INFRA, ['queries/more.kql', 'AppMetrics']]))).toEqual([
      'nothing uses queries/more.kql',
    ]);
  });
});
