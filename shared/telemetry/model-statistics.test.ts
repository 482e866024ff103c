import { expect, test } from '@jest/globals';
import { StatisticsOfModels } from './model-statistics.ts';

const timings = { decode: 1, queue: 20, infer: 300, encode: 4000 };

test('sums by version and by batch size, in nanoseconds', () => {
  const statistics = new StatisticsOfModels();
  statistics.succeeded('m', 1, { timings, rows: 1, runRows: 1, now: 5 });
  statistics.succeeded('m', 1, { timings, rows: 3, runRows: 3, now: 7 });
  statistics.succeeded('m', 1, { timings, rows: 3, runRows: 3, now: 6 });
  statistics.failed('m', 2, 50);
  const first = statistics.of('m', 1);
  expect(first).toMatchObject({ last_inference: 6, inference_count: 7, execution_count: 3 });
  expect(first.inference_stats).toMatchObject({
    success: { count: 3, ns: 3 * 4321 },
    fail: { count: 0, ns: 0 },
    queue: { count: 3, ns: 60 },
    compute_infer: { count: 3, ns: 900 },
  });
  expect(first.batch_stats.map((b) => [b.batch_size, b.compute_output.ns])).toEqual([
    [1, 4000],
    [3, 8000],
  ]);
  expect(statistics.of('m', 2).inference_stats.fail).toEqual({ count: 1, ns: 50 });
  expect(statistics.of('n', 1).execution_count).toBe(0);
  expect(statistics.all().map(({ version }) => version)).toEqual(['1', '2']);
});

test('requests that share a run count it once', () => {
  const statistics = new StatisticsOfModels();
  statistics.succeeded('m', 1, { timings, rows: 1, runRows: 5, now: 5 });
  statistics.succeeded('m', 1, { timings, rows: 4, runRows: 0, now: 5 });
  expect(statistics.of('m', 1)).toMatchObject({ inference_count: 5, execution_count: 1 });
  expect(statistics.of('m', 1).batch_stats).toMatchObject([{ batch_size: 5 }]);
});

test('callers can not make it grow by sending ever new batch sizes', () => {
  const statistics = new StatisticsOfModels();
  for (let rows = 1; rows <= 1000; rows++)
    statistics.succeeded('m', 1, { timings, rows, runRows: rows, now: 0 });
  expect(statistics.of('m', 1).batch_stats).toHaveLength(64);
  expect(statistics.of('m', 1).execution_count).toBe(1000);
});
