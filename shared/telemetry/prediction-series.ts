import type { ModelName, Version } from '../ids.ts';
import type { Choice } from '../registry/routing.ts';
import { METRICS } from './metric-names.ts';
import type { Prediction, Served } from './prediction.ts';
import type { Series, SeriesTable } from './series-table.ts';

/** The series that an answered request adds to, looked up once: no name is put together for a request. */
export class PredictionSeries {
  readonly #ok: Series;
  readonly #latency: Series;
  readonly #queueWait: Series;
  readonly #infer: Series;
  readonly #rows: Series;
  readonly #batchSize: Series;

  constructor(table: SeriesTable, { model, version }: Served, route: Choice['route']) {
    const by = { model, version: String(version), route, outcome: 'ok', source: 'http' };
    this.#ok = table.of(METRICS.requests, by);
    this.#latency = table.of(METRICS.latency, by);
    this.#queueWait = table.of(METRICS.queueWait, by);
    this.#infer = table.of(METRICS.infer, by);
    this.#rows = table.of(METRICS.rows, by);
    this.#batchSize = table.of(METRICS.batchSize, by);
  }

  /** `ms` is from its arrival. */
  add({ timings, rows, runRows }: Prediction['answer'], ms: number): void {
    this.#ok.add(1);
    this.#latency.add(ms);
    this.#queueWait.add(timings.queue / 1e6);
    this.#infer.add(timings.infer / 1e6);
    this.#rows.add(rows);
    if (runRows > 0) this.#batchSize.add(runRows);
  }
}

type Routes = Partial<Record<Choice['route'], PredictionSeries>>;

/** Of the versions that answered in a stretch of time; a bounded number, as the table's series are. */
export class SeriesOfVersions {
  readonly #table: SeriesTable;
  readonly #byVersion = new Map<Served, Routes>();
  #last: { served: Served; routes: Routes } | undefined;
  #without: PredictionSeries | undefined;

  constructor(table: SeriesTable) {
    this.#table = table;
  }

  of(served: Served, route: Choice['route']): PredictionSeries {
    const routes = this.#last?.served === served ? this.#last.routes : this.#routesOf(served);
    return (routes[route] ??= this.#begin(served, route));
  }

  #routesOf(served: Served): Routes {
    let routes = this.#byVersion.get(served);
    if (!routes) {
      routes = {};
      if (!this.#table.isFull) this.#byVersion.set(served, routes);
    }
    this.#last = { served, routes };
    return routes;
  }

  #begin(served: Served, route: Choice['route']): PredictionSeries {
    if (!this.#table.isFull) return new PredictionSeries(this.#table, served, route);
    // What the table may still have of this version is found, the rest has no room.
    return (this.#without ??= new PredictionSeries(
      this.#table,
      { model: '' as ModelName, version: 0 as Version },
      route,
    ));
  }
}
