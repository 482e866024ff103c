// Buckets one per cent apart, from 1 µs: 2,200 of them reach 53 minutes.
const STEP = Math.log(1.01);
const BUCKETS = 2_200;

/** How long things took, kept in buckets: what comes out is at most 1 % off. */
export class Latencies {
  readonly #counts: number[];

  /** Without `counts`, empty; with those of another, the same as it. */
  constructor(counts?: readonly number[]) {
    this.#counts = counts ? [...counts] : new Array<number>(BUCKETS).fill(0);
  }

  static merged(all: readonly Latencies[]): Latencies {
    const sum = new Latencies();
    for (const one of all) {
      one.#counts.forEach((count, bucket) => {
        sum.#counts[bucket] = (sum.#counts[bucket] ?? 0) + count;
      });
    }
    return sum;
  }

  add(ms: number): void {
    const bucket = Math.min(BUCKETS - 1, Math.max(0, Math.floor(Math.log(ms * 1000) / STEP)));
    this.#counts[bucket] = (this.#counts[bucket] ?? 0) + 1;
  }

  get counts(): readonly number[] {
    return this.#counts;
  }

  get count(): number {
    return this.#counts.reduce((sum, count) => sum + count, 0);
  }

  /** In ms: the least that `share` (0 to 1) of all did not exceed; NaN when there are none. */
  quantile(share: number): number {
    const wanted = Math.max(1, Math.ceil(share * this.count));
    let seen = 0;
    for (let bucket = 0; bucket < BUCKETS; bucket++) {
      seen += this.#counts[bucket] ?? 0;
      // The middle of the bucket.
      if (seen >= wanted) return Math.exp((bucket + 0.5) * STEP) / 1000;
    }
    return Number.NaN;
  }
}
