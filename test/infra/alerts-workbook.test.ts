import { describe, expect, test } from '@jest/globals';
import {
  exceptionEnvelope,
  spanEnvelope,
} from '../../shared/adapters/azure/telemetry-envelopes.ts';
import type { FinishedSpan, SeenException } from '../../shared/ports/telemetry.ts';
import { METRICS } from '../../shared/telemetry/metric-names.ts';
import { counted, INFRA, MINUTE, NOW, OF_M, shown, taken } from './alert-data.ts';
import { workbookPaths } from './alert-rules.ts';
import { exceptionRow, spanRow, tellerAt } from './arrived-rows.ts';

describe('the workbook', () => {
  /** A point of every metric, of two models where it has them. */
  const points = Object.values(METRICS).flatMap((metric) =>
    ['m', 'n'].map((model) => ({
      ...taken(
        metric,
        [10, 20, 60],
        Object.fromEntries(
          metric.by.map((dimension) => [
            dimension,
            dimension === 'model' ? model : `a ${dimension}`.replace(' ', '-'),
          ]),
        ),
      ),
      at: NOW + MINUTE,
    })),
  );
  const ids = { traceId: 'o'.repeat(32), spanId: 's'.repeat(16) };
  const span: FinishedSpan = {
    ...ids,
    name: 'infer',
    startedAt: NOW,
    ms: 7,
    failure: 'damaged',
    attributes: { ...OF_M, rollout: 'r', step: 'advanced' },
    sampledOf: 1,
  };
  const slower = { ...span, ms: 1234.5, attributes: { ...OF_M, model: 'n' } };
  const seen: SeenException = {
    ...ids,
    at: NOW,
    kind: 'damaged',
    type: 'ServingError',
    stack: '',
    attributes: OF_M,
  };
  const others = {
    AppDependencies: [span, slower].map((each) => spanRow(spanEnvelope(each, tellerAt()))),
    AppExceptions: [exceptionRow(exceptionEnvelope(seen, tellerAt()))],
  };

  test.each([...workbookPaths(INFRA).keys()])('shows %s of the model that was chosen', (name) => {
    const rows = shown(name, points, { model: 'm', operation: ids.traceId }, others);
    expect(rows.length).toBeGreaterThan(0);
    for (const row of rows) {
      expect(Object.values(row)).not.toContain(Number.NaN);
      if ('model' in row) expect(row.model).toBe('m');
    }
  });

  test('shows all models', () => {
    const rows = shown('errors', points);
    expect(rows.map(({ model }) => model).sort()).toEqual(['m', 'n']);
  });

  test('shows what is slowest and what failed, each with its operation', () => {
    const OperationId = ids.traceId;
    expect(shown('slowest', [], {}, others)).toMatchObject([
      { Name: 'infer', ms: 1234.5, model: 'n', failure: 'damaged', OperationId },
      { ms: 7, model: 'm' },
    ]);
    expect(shown('exceptions', [], {}, others)).toMatchObject([
      { failure: 'damaged', ExceptionType: 'ServingError', ...OF_M, OperationId },
    ]);
    expect(shown('operation', [], { operation: OperationId }, others)).toHaveLength(3);
    expect(shown('operation', [], { operation: 'another' }, others)).toEqual([]);
  });

  test('shows who answers, how often and how fast', () => {
    const rows = shown('versions', [
      counted(METRICS.requests, 90, { ...OF_M, outcome: 'ok' }),
      counted(METRICS.requests, 4, { ...OF_M, outcome: 'damaged' }),
      counted(METRICS.requests, 6, { ...OF_M, outcome: 'overloaded' }),
      counted(METRICS.rows, 300, { model: 'm', version: '3', source: 'http' }),
      counted(METRICS.rows, 5000, { model: 'm', version: '3', source: 'batch' }),
      taken(METRICS.latency, [10, 10, 10], OF_M),
    ]);
    expect(rows).toMatchObject([
      {
        ...OF_M,
        requests: 100,
        'failed by us, %': 4,
        'overloaded, %': 6,
        'rows of the version': 300,
      },
    ]);
    expect(Number(rows[0]?.['p50, ms']) / 10).toBeCloseTo(1, 1);
  });

  test('shows what stays loaded', () => {
    const of = { model: 'm', version: '3' };
    expect(
      shown('cache', [
        counted(METRICS.cacheHits, 500, of),
        taken(METRICS.loads, [100, 300], of),
        counted(METRICS.evictions, 1, of),
        { name: METRICS.modelBytes.name, dimensions: of, count: 2, sum: 8e6, min: 4e6, max: 4e6 },
      ]),
    ).toEqual([
      { ...of, 'found loaded': 500, loads: 2, 'a load, ms': 200, evictions: 1, 'loaded, MB': 4 },
    ]);
  });

  test('shows rows by the second', () => {
    const rows = shown('rows', [counted(METRICS.rows, 600, { ...OF_M, source: 'batch' })]);
    expect(rows).toEqual([{ TimeGenerated: NOW, source: 'batch', 'rows a second': 2 }]);
  });
});
