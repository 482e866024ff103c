import type { Sent, TelemetryBatch, TelemetrySink } from '../shared/ports/telemetry.ts';
import { Telemetry, type TelemetryDeps } from '../shared/usecases/telemetry.ts';
import { TelemetryOutbox } from '../shared/usecases/telemetry-outbox.ts';

/** A sink that keeps what it takes; what it does with a batch can be changed. */
export class KeepingSink implements TelemetrySink {
  readonly taken: TelemetryBatch[] = [];
  closed = false;
  /** What happens before a batch is taken; the rest that it answers is not taken. */
  before: (batch: TelemetryBatch) => Promise<TelemetryBatch | undefined> = () =>
    Promise.resolve(undefined);

  /** How many items of the next batch are said to be refused. */
  refusing = 0;

  async send(batch: TelemetryBatch): Promise<Sent> {
    const left = await this.before(batch);
    this.taken.push(left ? without(batch, left) : batch);
    const refused = this.refusing;
    this.refusing = 0;
    return { left, refused };
  }

  close(): Promise<void> {
    this.closed = true;
    return Promise.resolve();
  }

  /** The sum of a metric's values, of the series that have these dimensions. */
  sum(name: string, by: Readonly<Record<string, string>> = {}): number {
    return this.points(name, by).reduce((sum, point) => sum + point.sum, 0);
  }

  points(name: string, by: Readonly<Record<string, string>> = {}) {
    return this.taken
      .flatMap(({ metrics }) => metrics)
      .filter(
        (point) =>
          point.name === name &&
          Object.entries(by).every(([dimension, value]) => point.dimensions[dimension] === value),
      );
  }

  get spans() {
    return this.taken.flatMap(({ spans }) => spans);
  }

  get exceptions() {
    return this.taken.flatMap(({ exceptions }) => exceptions);
  }
}

function without(batch: TelemetryBatch, left: TelemetryBatch): TelemetryBatch {
  return {
    ...batch,
    metrics: batch.metrics.filter((each) => !left.metrics.includes(each)),
    spans: batch.spans.filter((each) => !left.spans.includes(each)),
    exceptions: batch.exceptions.filter((each) => !left.exceptions.includes(each)),
  };
}

/** A recorder on a clock that is set by hand, and what it sends to. */
export function telling(over: Partial<TelemetryDeps> = {}) {
  const sink = new KeepingSink();
  const warnings: string[] = [];
  const time = { now: 1_000 };
  let ids = 0;
  const telemetry = new Telemetry({
    outbox: new TelemetryOutbox(sink, (message) => warnings.push(message)),
    config: { flushMs: 600_000, tracesPerSecond: 5 },
    clock: () => 1_700_000_000_000 + time.now,
    now: () => time.now,
    hex: (digits) => (++ids).toString(16).padStart(digits, 'a'),
    gauges: {
      begin: () => undefined,
      look: () => undefined,
      beforeFlush: () => undefined,
      end: () => undefined,
    },
    ...over,
  });
  return { telemetry, sink, warnings, time };
}
