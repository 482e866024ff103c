import { RecentMap } from '../inference/recent-map.ts';
import type { InferTimings } from '../ports/engine.ts';

/** How often, and how many nanoseconds altogether. */
export interface Duration {
  count: number;
  ns: number;
}

/** One model version's figures since this instance started, with the members Triton gives them. */
export interface ModelStatistics {
  readonly name: string;
  readonly version: string;
  /** Milliseconds since the epoch, 0 before the first. */
  last_inference: number;
  /** Rows that were answered. */
  inference_count: number;
  /** Runs of the model. */
  execution_count: number;
  readonly inference_stats: Readonly<
    Record<
      | 'success'
      | 'fail'
      | 'queue'
      | 'compute_input'
      | 'compute_infer'
      | 'compute_output'
      | 'cache_hit'
      | 'cache_miss',
      Duration
    >
  >;
  readonly batch_stats: BatchStatistics[];
}

interface BatchStatistics {
  readonly batch_size: number;
  readonly compute_input: Duration;
  readonly compute_infer: Duration;
  readonly compute_output: Duration;
}

/** Only so many different batch sizes are told apart; callers choose them. */
const MAX_BATCH_SIZES = 64;
const MAX_VERSIONS = 10_000;

/** Counts what the models of this instance did, in memory. */
export class StatisticsOfModels {
  readonly #byVersion = new RecentMap<string, ModelStatistics>(MAX_VERSIONS);

  /**
   * Counts an answer. `now` is in ms since the epoch; `runRows` are those of the run it shared, 0
   * when another answer counts that run.
   */
  succeeded(
    model: string,
    version: number,
    done: { timings: InferTimings; rows: number; runRows: number; now: number },
  ): void {
    const statistics = this.#of(model, version);
    const { decode, queue, infer, encode } = done.timings;
    const stats = statistics.inference_stats;
    add(stats.success, decode + queue + infer + encode);
    add(stats.queue, queue);
    add(stats.compute_input, decode);
    add(stats.compute_infer, infer);
    add(stats.compute_output, encode);
    statistics.last_inference = done.now;
    statistics.inference_count += done.rows;
    if (done.runRows === 0) return;
    statistics.execution_count++;
    const batch = batchOf(statistics, done.runRows);
    if (!batch) return;
    add(batch.compute_input, decode);
    add(batch.compute_infer, infer);
    add(batch.compute_output, encode);
  }

  /** Counts a request that was routed to a version and failed after `ns` nanoseconds. */
  failed(model: string, version: number, ns: number): void {
    add(this.#of(model, version).inference_stats.fail, ns);
  }

  /** One version's figures, zeros if it has none. */
  of(model: string, version: number): ModelStatistics {
    return this.#byVersion.get(keyOf(model, version)) ?? zero(model, version);
  }

  /** The versions that have figures. */
  all(): ModelStatistics[] {
    return [...this.#byVersion.values()];
  }

  #of(model: string, version: number): ModelStatistics {
    const key = keyOf(model, version);
    const known = this.#byVersion.get(key);
    if (known) return known;
    const fresh = zero(model, version);
    this.#byVersion.set(key, fresh);
    return fresh;
  }
}

function keyOf(model: string, version: number): string {
  return `${model}/${version}`;
}

function add(duration: Duration, ns: number): void {
  duration.count++;
  duration.ns += ns;
}

function batchOf({ batch_stats }: ModelStatistics, rows: number): BatchStatistics | undefined {
  const known = batch_stats.find(({ batch_size }) => batch_size === rows);
  if (known || batch_stats.length >= MAX_BATCH_SIZES) return known;
  const fresh = {
    batch_size: rows,
    compute_input: none(),
    compute_infer: none(),
    compute_output: none(),
  };
  batch_stats.push(fresh);
  return fresh;
}

function none(): Duration {
  return { count: 0, ns: 0 };
}

function zero(name: string, version: number): ModelStatistics {
  return {
    name,
    version: String(version),
    last_inference: 0,
    inference_count: 0,
    execution_count: 0,
    inference_stats: {
      success: none(),
      fail: none(),
      queue: none(),
      compute_input: none(),
      compute_infer: none(),
      compute_output: none(),
      cache_hit: none(),
      cache_miss: none(),
    },
    batch_stats: [],
  };
}
