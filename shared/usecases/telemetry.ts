import type { TelemetryConfig } from '../config.ts';
import type { Clock } from '../ports/clock.ts';
import type { Dimensions, TelemetryBatch } from '../ports/telemetry.ts';
import type { ColdStartReport } from '../telemetry/cold-start.ts';
import { METRICS } from '../telemetry/metric-names.ts';
import { type Operation, TracedOperation, UNTOLD } from '../telemetry/operation.ts';
import type { Prediction } from '../telemetry/prediction.ts';
import { SeriesOfVersions } from '../telemetry/prediction-series.ts';
import { type Metric, SeriesTable } from '../telemetry/series-table.ts';
import type { TraceContext } from '../telemetry/trace-context.ts';
import type { TelemetryOutbox } from './telemetry-outbox.ts';
import { TelemetryTraces, type Telling } from './telemetry-traces.ts';

/** Of a stretch between two flushes. */
const MAX_SERIES = 2_000;
const GAUGE_EVERY_MS = 1_000;

export interface TelemetryDeps {
  /** Without it, or without `config`, nobody is told, and nothing is kept. */
  readonly outbox: TelemetryOutbox | undefined;
  readonly clock: Clock;
  /** Ms that never go back, with fractions. */
  readonly now: () => number;
  /** So many random hexadecimal digits. */
  readonly hex: (digits: number) => string;
  readonly config: Pick<TelemetryConfig, 'flushMs' | 'tracesPerSecond'> | undefined;
  /** What there is to be looked at: every second, and once before a flush; while something happens. */
  readonly gauges: {
    begin(): void;
    look(telemetry: Telemetry): void;
    beforeFlush(telemetry: Telemetry): void;
    end(): void;
  };
}

/**
 * Counts and traces in memory what this instance does, and has it sent every so often, while
 * something happens. Recording is cheap, waits for nothing and never throws.
 */
export class Telemetry {
  /** False: nobody is told. What costs anything to say needn't be said. */
  readonly on: boolean;
  readonly #deps: TelemetryDeps;
  readonly #traces: TelemetryTraces;
  #from = 0;
  #table = new SeriesTable(MAX_SERIES);
  #predictions = new SeriesOfVersions(this.#table);
  /** How much of what had no room, as far as no batch on its way tells of it. */
  readonly #lost = new Map<string, number>();
  /** Something besides gauges was recorded since the last cut. */
  #touched = false;
  #underWay = 0;
  #timers: readonly NodeJS.Timeout[] | undefined;
  #flushing: Promise<void> | undefined;
  #closed = false;

  constructor(deps: TelemetryDeps) {
    this.#deps = deps;
    this.on = deps.outbox !== undefined && deps.config !== undefined;
    const { tracesPerSecond = 0 } = deps.config ?? {};
    this.#traces = new TelemetryTraces({ ...deps, tracesPerSecond });
  }

  /** Adds a value to a metric. Names of models are of such that there are, or empty. */
  count(metric: Metric, dimensions: Dimensions, value = 1): void {
    if (!this.on) return;
    this.#table.of(metric, dimensions).add(value);
    this.#touch();
  }

  /** As `count`, of what is so while nothing happens, too: it is told only beside other things. */
  gauge(metric: Metric, dimensions: Dimensions, value: number): void {
    if (this.on) this.#table.of(metric, dimensions).add(value);
  }

  /** A request was answered, by work that `begin` began. */
  answered(prediction: Prediction, operation: Operation): void {
    if (!this.on) return;
    const { served, route, answer } = prediction;
    const now = this.#deps.now();
    this.#predictions.of(served, route).add(answer, now - operation.began);
    operation.predicted(prediction, now);
    this.#touch();
  }

  /** What the first answer took. */
  started({ totalMs, phases, prepared }: ColdStartReport): void {
    const by = { prepared: String(prepared) };
    for (const [phase, ms] of Object.entries({ total: totalMs, ...phases })) {
      this.count(METRICS.coldStart, { ...by, phase }, ms);
    }
  }

  /** Work begins; `parent` is asked only for what is told of. To be given to `end`. */
  begin(name: string, parent: () => TraceContext | undefined): Operation {
    if (!this.on || this.#closed) return UNTOLD;
    this.#underWay++;
    const { hex, now } = this.#deps;
    return new TracedOperation(name, now(), hex, parent);
  }

  /** Work has ended: with `error`, or well. */
  end(operation: Operation, telling: Telling, error?: unknown): void {
    if (!(operation instanceof TracedOperation)) return;
    this.#underWay--;
    guarded(() => {
      if (this.#traces.ended(operation, telling, error)) this.#touch();
    });
  }

  /** Sends what was recorded; what can't be sent now is sent with the next. Never throws. */
  flush(): Promise<void> {
    this.#flushing ??= this.#flush().finally(() => {
      this.#flushing = undefined;
    });
    return this.#flushing;
  }

  /** Sends what is left, for at most `withinMs`; nothing is recorded from then on. Never throws. */
  async close(withinMs: number): Promise<void> {
    const { outbox } = this.#deps;
    if (!outbox || !this.on || this.#closed) return;
    let timer: NodeJS.Timeout | undefined;
    const over = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, withinMs);
    });
    const last = async () => {
      await this.#flushing;
      await this.flush();
      await outbox.close();
    };
    await Promise.race([last().catch(() => undefined), over]);
    clearTimeout(timer);
    this.#closed = true;
    this.#rest();
  }

  /** Something takes long: how the instance does is told of meanwhile. */
  works(): void {
    if (this.on) this.#touch();
  }

  #touch(): void {
    this.#touched = true;
    if (!this.#timers && !this.#closed) this.#work();
  }

  /** Something happens: from now on it is looked, and sent. */
  #work(): void {
    const { gauges, clock, config } = this.#deps;
    this.#from = clock();
    gauges.begin();
    const look = setInterval(() => {
      guarded(() => {
        gauges.look(this);
      });
    }, GAUGE_EVERY_MS);
    const flush = setInterval(() => {
      void this.flush();
    }, config?.flushMs);
    for (const timer of [look, flush]) timer.unref();
    this.#timers = [look, flush];
  }

  #rest(): void {
    for (const timer of this.#timers ?? []) clearInterval(timer);
    this.#timers = undefined;
    this.#deps.gauges.end();
  }

  async #flush(): Promise<void> {
    const { outbox, gauges } = this.#deps;
    if (!outbox || this.#closed) return;
    // What was lost alone is no reason to push out more of what waits.
    if (this.#touched || this.#underWay > 0 || (this.#mustTellOfLost() && outbox.isEmpty)) {
      guarded(() => {
        gauges.beforeFlush(this);
      });
      for (const gone of outbox.add(this.#cut())) this.#loseBatch(gone);
    } else if (outbox.isEmpty && this.#timers) {
      this.#renew();
      this.#rest();
    }
    this.#lose('refused', await outbox.send());
  }

  #cut(): TelemetryBatch {
    const { clock } = this.#deps;
    const { spans, exceptions, dropped } = this.#traces.cut();
    for (const [what, count] of Object.entries({ ...dropped, series: this.#table.dropped })) {
      this.#lose(what, count);
    }
    // Beyond the bound, so that it is told that there is one.
    const told = new SeriesTable(this.#lost.size);
    for (const [what, count] of this.#lost) told.of(METRICS.dropped, { what }).add(count);
    this.#lost.clear();
    const batch: TelemetryBatch = {
      from: this.#from,
      to: clock(),
      metrics: [...this.#table.points(), ...told.points()],
      spans,
      exceptions,
    };
    this.#from = batch.to;
    this.#renew();
    return batch;
  }

  /** A batch that had to go takes with it what it told of others. */
  #loseBatch({ metrics }: TelemetryBatch): void {
    this.#lose('batch', 1);
    for (const { name, dimensions, sum } of metrics) {
      if (name === METRICS.dropped.name) this.#lose(dimensions.what ?? '', sum);
    }
  }

  /** What was refused is told beside other things: word of it may be refused, too. */
  #mustTellOfLost(): boolean {
    return [...this.#lost.keys()].some((what) => what !== 'refused');
  }

  #lose(what: string, count: number): void {
    if (count > 0) this.#lost.set(what, (this.#lost.get(what) ?? 0) + count);
  }

  #renew(): void {
    this.#table = new SeriesTable(MAX_SERIES);
    this.#predictions = new SeriesOfVersions(this.#table);
    this.#touched = false;
  }
}

/** What can't be looked at is not told; nothing else suffers for it. */
function guarded(look: () => void): void {
  try {
    look();
  } catch {
    // What is looked at every so often is looked at again.
  }
}
