/**
 * How often which latency, mergeable without loss: counts by logarithmic bucket, each 2 % wide or so
 * (DDSketch, Masson et al. 2019). Keys are the buckets' numbers; all of it is JSON.
 */
export interface LatencySketch {
  readonly count: number;
  readonly buckets: Readonly<Record<string, number>>;
}
