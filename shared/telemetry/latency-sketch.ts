/**
 * How often which latency, mergeable without loss: counts by logarithmic bucket, each 2 % wide or so
 * (DDSketch, Masson et al. 2019). Keys are the buckets' numbers; all of it is JSON.
 */
export interface LatencySketch {
  readonly count: number;
  readonly buckets: Readonly<Record<string, number>>;
}

/** A quantile is at most this part off. */
export const RELATIVE_ERROR = 0.01;

/** A bucket's upper end over its lower. */
const GAMMA = (1 + RELATIVE_ERROR) / (1 - RELATIVE_ERROR);
const LOG_GAMMA = Math.log(GAMMA);

/** Buckets from 1 µs to 11 days: what lies outside, in ms, counts with the last ones. */
const LEAST = Math.ceil(Math.log(1e-3) / LOG_GAMMA);
const MOST = Math.ceil(Math.log(1e9) / LOG_GAMMA);

export const EMPTY_SKETCH: LatencySketch = { count: 0, buckets: {} };

/** Counts latencies in ms. */
export class SketchBuilder {
  #count = 0;
  readonly #buckets = new Map<number, number>();

  /** `ms` that is no number counts as the shortest. */
  add(ms: number): void {
    const bucket = bucketOf(ms);
    this.#buckets.set(bucket, (this.#buckets.get(bucket) ?? 0) + 1);
    this.#count += 1;
  }

  sketch(): LatencySketch {
    return { count: this.#count, buckets: Object.fromEntries(this.#buckets) };
  }
}

/** The number of the bucket (γ^(n-1), γ^n] that holds `ms`. */
function bucketOf(ms: number): number {
  if (!(ms > 0)) return LEAST;
  return Math.min(MOST, Math.max(LEAST, Math.ceil(Math.log(ms) / LOG_GAMMA)));
}

/** As if one had counted all of it. */
export function mergeSketches(sketches: Iterable<LatencySketch>): LatencySketch {
  let count = 0;
  const buckets: Record<string, number> = {};
  for (const sketch of sketches) {
    count += sketch.count;
    for (const [bucket, times] of Object.entries(sketch.buckets)) {
      buckets[bucket] = (buckets[bucket] ?? 0) + times;
    }
  }
  return { count, buckets };
}

/**
 * The latency in ms that a part `q` of all, from 0 to 1, does not pass, within `RELATIVE_ERROR`;
 * undefined when nothing was counted. The lower of two neighbours (NumPy's `lower`).
 */
export function quantile(sketch: LatencySketch, q: number): number | undefined {
  return quantiles(sketch, [q])[0];
}

/** As `quantile`, for ascending parts at once. */
export function quantiles(sketch: LatencySketch, parts: readonly number[]): number[] {
  const found: number[] = [];
  if (sketch.count === 0) return found;
  let below = 0;
  for (const [bucket, times] of ascending(sketch)) {
    below += times;
    while (found.length < parts.length) {
      const rank = Math.floor((parts[found.length] ?? 1) * (sketch.count - 1));
      if (below <= rank) break;
      found.push((2 * GAMMA ** bucket) / (GAMMA + 1));
    }
  }
  return found;
}

/** How many took longer than `ms`; those within `RELATIVE_ERROR` of it may stand on either side. */
export function countAbove(sketch: LatencySketch, ms: number): number {
  const threshold = bucketOf(ms);
  let above = 0;
  for (const [bucket, times] of ascending(sketch)) {
    if (bucket > threshold) above += times;
  }
  return above;
}

function ascending(sketch: LatencySketch): [bucket: number, times: number][] {
  return Object.entries(sketch.buckets)
    .map(([bucket, times]): [number, number] => [Number(bucket), times])
    .sort(([a], [b]) => a - b);
}
