import { expect, test } from '@jest/globals';
import { runQuery } from './kql-engine.ts';

// The engine is held to what the documentation of each operator says: https://learn.microsoft.com/kusto/query

const rows = (values: readonly (readonly [string, number | null])[]) =>
  values.map(([Name, Sum], i) => ({
    TimeGenerated: i,
    Name,
    Sum,
    ItemCount: i + 1,
    Properties: {},
  }));

function run(query: string, values: readonly (readonly [string, number | null])[] = []) {
  return runQuery(query, { tables: { AppMetrics: rows(values) }, now: 7 });
}

test('a query with a problem is not run', () => {
  expect(() => run('AppMetrics | where Nme == 1')).toThrow(/line 1: The name 'Nme'/);
});

test('what it does not know it says, and never guesses', () => {
  expect(() => run('AppMetrics | sample 3')).toThrow(/knows no SampleOperator/);
  expect(() => run('AppMetrics | extend a = sin(Sum)', [['a', 1]])).toThrow(/knows no .*sin/);
});

test('sort is descending unless it says otherwise, running sums start again where they are told to', () => {
  const given = [
    ['b', 1],
    ['a', 2],
    ['b', 3],
    ['a', 4],
  ] as const;
  expect(
    run(
      `AppMetrics
      | sort by Name asc, Sum
      | extend below = row_cumsum(Sum, Name != prev(Name))
      | project Name, Sum, below`,
      given,
    ),
  ).toEqual([
    { Name: 'a', Sum: 4, below: 4 },
    { Name: 'a', Sum: 2, below: 6 },
    { Name: 'b', Sum: 3, below: 3 },
    { Name: 'b', Sum: 1, below: 4 },
  ]);
});

test('a bag becomes pairs, nothing stays nothing', () => {
  expect(
    run(
      `AppMetrics | mv-expand kind=array pair = parse_json(Name) | project key = tostring(pair[0]), times = tolong(pair[1])`,
      [
        ['{"5": 2, "7": 1}', 0],
        ['', 0],
      ],
    ),
  ).toEqual([
    { key: '5', times: 2 },
    { key: '7', times: 1 },
    { key: '', times: null },
  ]);
});

test('whole numbers divide without a rest, others with one', () => {
  const query = 'AppMetrics | project a = ItemCount / 2, b = ItemCount / 2.0, c = 5m / 2m';
  expect(
    run(query, [
      ['a', 0],
      ['b', 0],
      ['c', 0],
    ])[2],
  ).toEqual({ a: 1, b: 1.5, c: 2.5 });
});

test('nothing is summed as 0, has no highest, and is neither above nor below', () => {
  expect(run('AppMetrics | summarize sum(Sum), n = count(), most = max(Sum)')).toEqual([
    { Sum: 0, n: 0, most: null },
  ]);
  expect(
    run('AppMetrics | where Sum > 0 or Sum <= 0', [
      ['a', null],
      ['b', 1],
    ]),
  ).toHaveLength(1);
});

test('an inner join keeps what both have, an outer one what the left has', () => {
  const given = [
    ['a', 1],
    ['b', 2],
  ] as const;
  const right = `(AppMetrics | where Name == 'a' | project Name, more = Sum * 10)`;
  expect(
    run(`AppMetrics | project Name | join kind=inner ${right} on Name | project Name, more`, given),
  ).toEqual([{ Name: 'a', more: 10 }]);
  expect(
    run(
      `AppMetrics | project Name | join kind=leftouter ${right} on Name | project Name, more`,
      given,
    ),
  ).toEqual([
    { Name: 'a', more: 10 },
    { Name: 'b', more: null },
  ]);
});

test('functions see what was declared before them, and their own first', () => {
  const query = `let twice = 2;
    let doubled = (rows: (Name: string, Sum: real), name: string) { let twice = 3; rows | where Name == name | project Sum = Sum * twice };
    doubled(AppMetrics, 'a') | union (AppMetrics | where Name == 'b' | project Sum = Sum * twice)`;
  expect(
    run(query, [
      ['a', 5],
      ['b', 7],
    ]),
  ).toEqual([{ Sum: 15 }, { Sum: 14 }]);
});
