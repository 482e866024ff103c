import { describe, expect, test } from '@jest/globals';
import { METRICS } from '../../shared/telemetry/metric-names.ts';
import { alert, counted, INFRA, NOW, OF_M, type Point, taken } from './alert-data.ts';
import { alertRules } from './alert-rules.ts';
import type { Row } from './kql-values.ts';

describe('an alert is raised', () => {
  const failing = (outcome: string, times: number, ok = 95) => [
    counted(METRICS.requests, ok, { ...OF_M, outcome: 'ok' }),
    counted(METRICS.requests, times, { ...OF_M, outcome }),
  ];

  test.each<[string, Point[], Row[]]>([
    ['error-rate', failing('unavailable', 10, 90), [{ model: 'm', percent: 10 }]],
    [
      'error-rate',
      [...failing('bug', 5, 15), ...failing('bug', 5, 15)],
      [{ model: 'm', percent: 25 }],
    ],
    [
      'error-rate',
      [counted(METRICS.requests, 6, { outcome: 'unavailable' })],
      [{ model: '(none)', percent: 100 }],
    ],
    [
      'saturation',
      [{ name: METRICS.saturation.name, count: 120, sum: 180, min: 0, max: 4 }],
      [{ percent: 150 }],
    ],
    [
      'poison',
      [counted(METRICS.poison, 1, { queue: 'batch-chunks' })],
      [{ queue: 'batch-chunks', messages: 1 }],
    ],
    [
      'stuck',
      [1, 1, 1].map((n) => counted(METRICS.stuck, n, { what: 'batch' })),
      [{ what: 'batch', times: 3 }],
    ],
    [
      'rolled-back',
      [
        counted(METRICS.rollouts, 1, { model: 'm', outcome: 'rolledBack' }),
        counted(METRICS.rollouts, 1, { model: 'n', outcome: 'completed' }),
      ],
      [{ model: 'm', times: 1 }],
    ],
    [
      'telemetry-dropped',
      [counted(METRICS.dropped, 7, { what: 'span' })],
      [{ what: 'span', items: 7 }],
    ],
  ])('%s', (name, points, expected) => {
    expect(alert(name, points).raised).toEqual(expected);
  });

  test('slow-model, by the p95 against the budget in the card', () => {
    const points = [
      { name: METRICS.budget.name, dimensions: OF_M, count: 2, sum: 40, min: 20, max: 20 },
      taken(METRICS.infer, Array<number>(90).fill(10), OF_M),
      taken(METRICS.infer, Array<number>(10).fill(50), { ...OF_M, route: 'pinned' }),
    ];
    const { raised } = alert('slow-model', points);
    expect(raised).toMatchObject([{ model: 'm', version: '3' }]);
    expect(Number(raised[0]?.percent) / 250).toBeCloseTo(1, 1);
  });

  test('no-telemetry', () => {
    const request = (OperationName: string) => ({
      TimeGenerated: NOW,
      OperationName,
      ItemCount: 4,
    });
    const AppRequests = [request('infer'), request('infer-version'), request('tend')];
    expect(alert('no-telemetry', [], { AppRequests }).raised).toEqual([{ requests: 8 }]);
    expect(alert('no-telemetry', [counted(METRICS.requests, 1)], { AppRequests }).rows).toEqual([]);
  });

  test('telemetry-dropped, also when the day’s quota is used up', () => {
    const _LogOperation = [
      { TimeGenerated: NOW, Category: 'Ingestion', Detail: 'Data collection stopped: OverQuota' },
      { TimeGenerated: NOW, Category: 'Ingestion', Detail: 'all is well' },
    ];
    expect(alert('telemetry-dropped', [], { _LogOperation }).raised).toEqual([
      { what: 'daily cap', items: 1 },
    ]);
  });
});

describe('no alert is raised', () => {
  const ok = counted(METRICS.requests, 96, { ...OF_M, outcome: 'ok' });
  test.each<[string, string, Point[]]>([
    [
      'error-rate',
      'of callers’ mistakes',
      [
        ok,
        ...['malformed', 'notFound', 'overloaded'].map((outcome) =>
          counted(METRICS.requests, 50, { ...OF_M, outcome }),
        ),
      ],
    ],
    ['error-rate', 'of four failures', [counted(METRICS.requests, 4, { ...OF_M, outcome: 'bug' })]],
    [
      'error-rate',
      'of one in twenty',
      [ok, counted(METRICS.requests, 5, { ...OF_M, outcome: 'bug' })],
    ],
    ['slow-model', 'without a budget', [taken(METRICS.infer, Array<number>(99).fill(500), OF_M)]],
    [
      'slow-model',
      'of another version’s budget',
      [
        taken(METRICS.infer, Array<number>(99).fill(500), OF_M),
        {
          name: METRICS.budget.name,
          dimensions: { model: 'm', version: '2' },
          count: 1,
          sum: 1,
          min: 1,
          max: 1,
        },
      ],
    ],
    [
      'slow-model',
      'of few runs',
      [
        taken(METRICS.infer, Array<number>(49).fill(500), OF_M),
        { name: METRICS.budget.name, dimensions: OF_M, count: 1, sum: 1, min: 1, max: 1 },
      ],
    ],
    [
      'saturation',
      'of a short burst',
      [{ name: METRICS.saturation.name, count: 59, sum: 590, min: 10, max: 10 }],
    ],
    [
      'saturation',
      'of full threads',
      [{ name: METRICS.saturation.name, count: 600, sum: 600, min: 1, max: 1 }],
    ],
    ['stuck', 'of one lost instance', [counted(METRICS.stuck, 2, { what: 'batch' })]],
    [
      'rolled-back',
      'of what people stopped',
      [counted(METRICS.rollouts, 1, { model: 'm', outcome: 'aborted' })],
    ],
  ])('%s %s', (name, _, points) => {
    expect(alert(name, points).raised).toEqual([]);
  });

  test.each(alertRules(INFRA).map(({ name }) => name))('%s of nothing', (name) => {
    expect(alert(name, []).raised).toEqual([]);
  });
});
