import { expect, test } from '@jest/globals';
import { telling } from '../../test/telling.ts';
import type { ServableModel } from '../ports/engine.ts';
import { METRICS } from '../telemetry/metric-names.ts';
import { countLoads, telemetryGauges } from './telemetry-gauges.ts';

const model = (version: number, p95Ms?: number) =>
  ({ model: 'm', version, p95Ms }) as unknown as ServableModel;

test('tells of loaded models at a flush, and of the process each second', async () => {
  const engine = {
    saturation: () => 1.5,
    holdings: () => [
      { model: model(1, 20), bytes: 100, hits: 7 },
      { model: model(2), bytes: 50, hits: 0 },
    ],
  };
  const gauges = telemetryGauges(() => engine, {
    begin: () => undefined,
    end: () => undefined,
    read: () => ({ loopDelayMs: 3, rssBytes: 1_000 }),
  });
  const { telemetry, sink } = telling({ gauges });
  const watcher = countLoads(telemetry);
  watcher.loaded(model(1), 30);
  watcher.left(model(3), { hits: 2, evicted: true });
  watcher.left(model(4), { hits: 0, evicted: false });
  gauges.look(telemetry);
  gauges.look(telemetry);
  await telemetry.flush();
  const told = sink.taken[0]?.metrics.map(({ name, dimensions, count, sum }) => [
    name.replace('pilotlight.', ''),
    dimensions.version,
    count,
    sum,
  ]);
  expect(told?.sort()).toEqual([
    ['budget.ms', '1', 1, 20],
    ['cache.hits', '1', 1, 7],
    ['cache.hits', '3', 1, 2],
    ['evictions', '3', 1, 1],
    ['load.ms', '1', 1, 30],
    ['loop.delay.ms', undefined, 1, 3],
    ['model.bytes', '1', 1, 100],
    ['model.bytes', '2', 1, 50],
    ['rss.bytes', undefined, 2, 2_000],
    ['saturation', undefined, 2, 3],
  ]);
});

test('the first answer’s way is told by phase', async () => {
  const { telemetry, sink } = telling();
  telemetry.started({ totalMs: 300, phases: { boot: 80, create: 20 }, prepared: true });
  await telemetry.flush();
  const { name } = METRICS.coldStart;
  expect(sink.points(name).map(({ dimensions, sum }) => [dimensions, sum])).toEqual([
    [{ phase: 'total', prepared: 'true' }, 300],
    [{ phase: 'boot', prepared: 'true' }, 80],
    [{ phase: 'create', prepared: 'true' }, 20],
  ]);
});
