import type { Sent, TelemetryBatch, TelemetrySink } from '../ports/telemetry.ts';
import { whereThrown } from '../telemetry/where-thrown.ts';

/** Five minutes of an instance, at a batch each 15 s. */
const MAX_BATCHES = 20;
/** Points, spans and exceptions that wait together. */
const MAX_ITEMS = 10_000;

/**
 * What was cut and not yet taken: sent one batch after the other, the oldest first, each part until
 * it was taken once. A bounded number waits; beyond it the oldest go.
 */
export class TelemetryOutbox {
  readonly #sink: TelemetrySink;
  readonly #warn: (message: string) => void;
  readonly #waiting: TelemetryBatch[] = [];
  #failing = false;

  constructor(sink: TelemetrySink, warn: (message: string) => void) {
    this.#sink = sink;
    this.#warn = warn;
  }

  get isEmpty(): boolean {
    return this.#waiting.length === 0;
  }

  /** Puts one behind the others; answers those that had to go for that. */
  add(batch: TelemetryBatch): readonly TelemetryBatch[] {
    this.#waiting.push(batch);
    const gone: TelemetryBatch[] = [];
    // The newest stays, however large it is.
    while (this.#waiting.length > 1 && this.#isTooMuch()) gone.push(...this.#waiting.splice(0, 1));
    return gone;
  }

  /**
   * Sends what waits, as far as it is taken now; answers how many items were refused for good. Not to
   * be called while it runs. Never throws.
   */
  async send(): Promise<number> {
    let refused = 0;
    for (let [batch] = this.#waiting; batch; [batch] = this.#waiting) {
      let sent: Sent;
      try {
        sent = await this.#sink.send(batch);
      } catch (error) {
        this.#tell(`telemetry can't be sent, to be tried again: ${whereThrown(error).type}`);
        return refused;
      }
      refused += sent.refused;
      if (sent.left) {
        this.#waiting[0] = sent.left;
        this.#tell('telemetry was not taken as a whole, the rest is to be tried again');
        return refused;
      }
      this.#failing = false;
      this.#waiting.shift();
    }
    return refused;
  }

  close(): Promise<void> {
    return this.#sink.close();
  }

  #isTooMuch(): boolean {
    if (this.#waiting.length > MAX_BATCHES) return true;
    const items = this.#waiting.reduce(
      (sum, { metrics, spans, exceptions }) =>
        sum + metrics.length + spans.length + exceptions.length,
      0,
    );
    return items > MAX_ITEMS;
  }

  /** Once, until it goes well again. */
  #tell(message: string): void {
    if (!this.#failing) this.#warn(message);
    this.#failing = true;
  }
}
