import type { Engine, EngineWatcher, ServableModel } from '../ports/engine.ts';
import type { ProcessGauges } from '../ports/process-gauges.ts';
import type { Dimensions } from '../ports/telemetry.ts';
import { METRICS } from '../telemetry/metric-names.ts';
import type { Telemetry, TelemetryDeps } from './telemetry.ts';

/** What is looked at while an instance works: the process each second, loaded models at each flush. */
export function telemetryGauges(
  engine: () => Pick<Engine, 'saturation' | 'holdings'>,
  process: ProcessGauges,
): TelemetryDeps['gauges'] {
  let looking = false;
  return {
    begin() {
      looking = false;
    },
    look(telemetry) {
      // From the first look on: what begins here may be the way to a first answer.
      if (!looking) process.begin();
      const { loopDelayMs, rssBytes } = process.read();
      if (looking) telemetry.gauge(METRICS.loopDelay, {}, loopDelayMs);
      looking = true;
      telemetry.gauge(METRICS.rss, {}, rssBytes);
      telemetry.gauge(METRICS.saturation, {}, engine().saturation());
    },
    beforeFlush(telemetry) {
      for (const { model, bytes, hits } of engine().holdings()) {
        const by = dimensionsOf(model);
        telemetry.gauge(METRICS.modelBytes, by, bytes);
        if (hits > 0) telemetry.gauge(METRICS.cacheHits, by, hits);
        if (model.p95Ms !== undefined) telemetry.gauge(METRICS.budget, by, model.p95Ms);
      }
    },
    end() {
      process.end();
    },
  };
}

/** Counts what an engine does with models. */
export function countLoads(telemetry: Pick<Telemetry, 'count'>): EngineWatcher {
  return {
    loaded(model, ms) {
      telemetry.count(METRICS.loads, dimensionsOf(model), ms);
    },
    left(model, { hits, evicted }) {
      const by = dimensionsOf(model);
      if (hits > 0) telemetry.count(METRICS.cacheHits, by, hits);
      if (evicted) telemetry.count(METRICS.evictions, by);
    },
  };
}

function dimensionsOf({ model, version }: ServableModel): Dimensions {
  return { model, version: String(version) };
}
