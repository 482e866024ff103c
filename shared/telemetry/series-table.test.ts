import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { countAbove } from './latency-sketch.ts';
import { METRICS } from './metric-names.ts';
import { SeriesTable } from './series-table.ts';

const names = Object.values(METRICS).map(({ name }) => name);

test('every metric has a name of its own', () => {
  expect(new Set(names).size).toBe(names.length);
});

test('is what was added, by metric and dimensions', () => {
  const value = fc.record({
    metric: fc.constantFrom(METRICS.infer, METRICS.loads, METRICS.rss),
    model: fc.constantFrom('a', 'b'),
    value: fc.integer({ min: 0, max: 1_000 }),
  });
  fc.assert(
    fc.property(fc.array(value), (added) => {
      const table = new SeriesTable(100);
      for (const { metric, model, value: each } of added) {
        table.of(metric, { model, version: '1', nobody: 'knows' }).add(each);
      }
      const points = table.points();
      expect(points.reduce((sum, { count }) => sum + count, 0)).toBe(added.length);
      for (const point of points) {
        const { name, dimensions } = point;
        const own = added.filter(
          ({ metric, model }) =>
            metric.name === name && ('model' in dimensions ? dimensions.model === model : true),
        );
        const values = own.map((each) => each.value);
        expect(point).toMatchObject({
          count: values.length,
          sum: values.reduce((sum, each) => sum + each, 0),
          min: Math.min(...values),
          max: Math.max(...values),
        });
        expect('nobody' in dimensions).toBe(false);
        expect(point.sketch?.count).toBe(name === METRICS.infer.name ? values.length : undefined);
        if (point.sketch) expect(countAbove(point.sketch, 1_000 * 1.03)).toBe(0);
      }
    }),
  );
});

test('holds a bounded number of series and counts what had no room', () => {
  const table = new SeriesTable(10);
  for (let model = 0; model < 10_000; model++) {
    table.of(METRICS.requests, { model: `m${model}` }).add(1);
    table.of(METRICS.requests, { model: 'm3' }).add(1);
  }
  expect(table.points()).toHaveLength(10);
  expect(table.dropped).toBe(10_000 - 10);
  expect(table.points().find(({ dimensions }) => dimensions.model === 'm3')?.count).toBe(10_001);
});

test('leaves out what is no number', () => {
  const table = new SeriesTable(10);
  for (const odd of [Number.NaN, Infinity, -Infinity]) table.of(METRICS.rss, {}).add(odd);
  expect(table.points()).toEqual([]);
  expect(table.dropped).toBe(0);
});
