import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { mergeSketches, quantile } from '../../shared/telemetry/latency-sketch.ts';
import { METRICS } from '../../shared/telemetry/metric-names.ts';
import {
  arrived,
  counted,
  INFRA,
  MINUTE,
  NOTHING,
  NOW,
  shown,
  sketchOf,
  taken,
} from './alert-data.ts';
import { textAt, workbookQuery } from './alert-rules.ts';
import { runQuery } from './kql-engine.ts';

describe('quantiles of many sketches', () => {
  const latencies = fc.array(fc.double({ min: 0.002, max: 1e6, noNaN: true }), {
    minLength: 1,
    maxLength: 40,
  });

  test('are those of all that was counted', () => {
    const flushes = fc.array(
      fc.record({
        values: latencies,
        minutes: fc.nat(14),
        instance: fc.constantFrom('one', 'two'),
      }),
      { minLength: 1, maxLength: 12 },
    );
    fc.assert(
      fc.property(flushes, (given) => {
        const points = given.map(({ values, minutes, instance }) => ({
          ...taken(METRICS.latency, values, { model: 'm', version: '1', route: 'production' }),
          at: NOW + minutes * MINUTE,
          instance,
        }));
        const rows = shown('latency', points);
        // The grain of the charts is five minutes here.
        const bins = new Set(given.map(({ minutes }) => Math.floor(minutes / 5)));
        expect(rows).toHaveLength(bins.size);
        for (const row of rows) {
          const all = mergeSketches(
            given
              .filter(({ minutes }) => NOW + Math.floor(minutes / 5) * 5 * MINUTE === row.at)
              .map(({ values }) => sketchOf(values)),
          );
          expect(row.p50).toBeCloseTo(quantile(all, 0.5) ?? Number.NaN, 6);
          expect(Number(row.p95) / (quantile(all, 0.95) ?? Number.NaN)).toBeCloseTo(1, 12);
          expect(Number(row.p99) / (quantile(all, 0.99) ?? Number.NaN)).toBeCloseTo(1, 12);
        }
      }),
      { numRuns: 60 },
    );
  });

  test('are those of each version and route by itself', () => {
    fc.assert(
      fc.property(fc.array(latencies, { minLength: 1, maxLength: 6 }), (given) => {
        const points = given.flatMap((values, version) => {
          const by = { model: 'm', version: String(version), route: 'pinned' };
          return [
            counted(METRICS.requests, values.length, { ...by, outcome: 'ok' }),
            taken(METRICS.latency, values, by),
          ];
        });
        const rows = shown('versions', points);
        for (const [version, values] of given.entries()) {
          const row = rows.find((each) => each.version === String(version));
          expect(Number(row?.['p95, ms']) / (quantile(sketchOf(values), 0.95) ?? 0)).toBeCloseTo(
            1,
            12,
          );
        }
      }),
      { numRuns: 30 },
    );
  });
});

describe('a fault in the arithmetic of quantiles is noticed:', () => {
  const values = Array.from({ length: 200 }, (_, i) => 1.05 ** i);
  const by = { model: 'm', version: '1', route: 'pinned' };
  const points = [
    taken(METRICS.latency, values.slice(0, 100), by),
    taken(METRICS.latency, values.slice(60), { ...by, route: 'production' }),
    { ...taken(METRICS.latency, [1, 2, 3], by), at: NOW + 10 * MINUTE },
  ];
  const all = mergeSketches([sketchOf(values.slice(0, 100)), sketchOf(values.slice(60))]);
  const expected = [
    [0.5, 0.95, 0.99].map((part) => quantile(all, part)),
    [0.5, 0.95, 0.99].map((part) => quantile(sketchOf([1, 2, 3]), part)),
  ];

  function offBy(piece: string, instead: string): number {
    const prelude = textAt(INFRA, 'queries/prelude.kql');
    const files = new Map([...INFRA, ['queries/prelude.kql', prelude.replace(piece, instead)]]);
    const query = workbookQuery(files, 'queries/latency.kql');
    const tables = { ...NOTHING, AppMetrics: points.map(arrived) };
    const found = runQuery(query, { tables, now: NOW }).map(({ p50, p95, p99 }) => [p50, p95, p99]);
    const off = expected
      .flat()
      .map((value, i) => Math.abs(Number(found.flat()[i]) / Number(value) - 1));
    return Math.max(...off.map((each) => (Number.isNaN(each) ? Infinity : each)));
  }

  test('as it stands there is none', () => {
    expect(offBy('', '')).toBeLessThan(1e-12);
  });

  test.each([
    ['another width of buckets', '1.01 / 0.99', '1.02 / 0.98'],
    ['the upper end of a bucket', '2 * pow(gamma, bucket) / (gamma + 1)', 'pow(gamma, bucket)'],
    ['sketches are not summed', 'sum(tolong(pair[1]))', 'max(tolong(pair[1]))'],
    ['the running sum goes on', 'at != prev(at) or key != prev(key)', 'key != prev(key)'],
    ['buckets in no order', 'key asc, bucket asc', 'key asc, times asc'],
    [
      'one rank too far',
      'below > tolong(0.50 * (total - 1))',
      'below > tolong(0.50 * (total + 1))',
    ],
    ['another part', '0.95 *', '0.90 *'],
  ])('%s', (_, piece, instead) => {
    expect(offBy(piece, instead)).toBeGreaterThan(1e-3);
  });
});
