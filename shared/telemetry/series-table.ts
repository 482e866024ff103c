import type { Dimensions, MetricPoint } from '../ports/telemetry.ts';
import { SketchBuilder } from './latency-sketch.ts';
import type { METRICS } from './metric-names.ts';

export type Metric = (typeof METRICS)[keyof typeof METRICS];

/** Values of one metric with the same dimensions, summed up. */
export class Series {
  #count = 0;
  #sum = 0;
  #min = Infinity;
  #max = -Infinity;
  readonly #sketch: SketchBuilder | undefined;

  constructor(sketched = false) {
    this.#sketch = sketched ? new SketchBuilder() : undefined;
  }

  /** What is no number is left out: it would make the sum one that is none. */
  add(value: number): void {
    if (!Number.isFinite(value)) return;
    this.#count++;
    this.#sum += value;
    if (value < this.#min) this.#min = value;
    if (value > this.#max) this.#max = value;
    this.#sketch?.add(value);
  }

  get count(): number {
    return this.#count;
  }

  point({ name }: Metric, dimensions: Dimensions): MetricPoint {
    return {
      name,
      dimensions,
      count: this.#count,
      sum: this.#sum,
      min: this.#min,
      max: this.#max,
      ...(this.#sketch && { sketch: this.#sketch.sketch() }),
    };
  }
}

interface Entry {
  readonly metric: Metric;
  readonly dimensions: Dimensions;
  readonly series: Series;
}

/** The series of a stretch of time, a bounded number of them: thrown away with it. */
export class SeriesTable {
  readonly #maxSeries: number;
  readonly #entries = new Map<string, Entry>();
  readonly #overflow = new Series();

  constructor(maxSeries: number) {
    this.#maxSeries = maxSeries;
  }

  /**
   * Where values are added to. Beyond the bound it is one that only counts how many had no room.
   * Dimensions that the metric doesn't have are left out, those that are missing are empty.
   */
  of(metric: Metric, given: Dimensions): Series {
    const values = metric.by.map((dimension) => given[dimension] ?? '');
    const key = [metric.name, ...values].join('\n');
    const known = this.#entries.get(key);
    if (known) return known.series;
    if (this.#entries.size >= this.#maxSeries) return this.#overflow;
    const dimensions = Object.fromEntries(metric.by.map((name, at) => [name, values[at] ?? '']));
    const series = new Series('sketched' in metric);
    this.#entries.set(key, { metric, dimensions, series });
    return series;
  }

  get isFull(): boolean {
    return this.#entries.size >= this.#maxSeries;
  }

  /** Values that had no room. */
  get dropped(): number {
    return this.#overflow.count;
  }

  /** The series that have values. */
  points(): MetricPoint[] {
    return [...this.#entries.values()]
      .filter(({ series }) => series.count > 0)
      .map(({ metric, dimensions, series }) => series.point(metric, dimensions));
  }
}
