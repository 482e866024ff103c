import type { Clock } from '../ports/clock.ts';
import type { FinishedSpan, SeenException } from '../ports/telemetry.ts';
import { isOurs, type Outcome, outcomeOf } from '../telemetry/failure-side.ts';
import type { TracedOperation } from '../telemetry/operation.ts';
import { RateSampler } from '../telemetry/rate-sampler.ts';
import { whereThrown } from '../telemetry/where-thrown.ts';

/** Of a stretch between two flushes. */
const MAX_SPANS = 1_000;
const MAX_EXCEPTIONS = 200;

/**
 * Which work is told of, by how it ended. `sampled`: at most so many a second. `noted`: where
 * something was said of it, as of a tick that found something to do. Failures on our side always are.
 */
export interface Telling {
  readonly done: 'always' | 'sampled' | 'noted' | 'never';
  /** Of a failure that is the caller's. */
  readonly refused: 'always' | 'sampled' | 'never';
}

export interface TracesDeps {
  readonly clock: Clock;
  /** Ms that never go back, with fractions. */
  readonly now: () => number;
  readonly tracesPerSecond: number;
}

/** Work that has ended and failures on our side, as far as they are told of: a bounded number. */
export class TelemetryTraces {
  readonly #deps: TracesDeps;
  readonly #done: RateSampler;
  readonly #refused: RateSampler;
  #spans: FinishedSpan[] = [];
  #exceptions: SeenException[] = [];
  #dropped = { span: 0, exception: 0 };

  constructor(deps: TracesDeps) {
    this.#deps = deps;
    this.#done = new RateSampler(deps.tracesPerSecond);
    this.#refused = new RateSampler(deps.tracesPerSecond);
  }

  /** Work has ended: with `error`, or well. Answers whether it is told of. */
  ended(operation: TracedOperation, telling: Telling, error: unknown): boolean {
    const failure = error === undefined ? undefined : outcomeOf(error);
    if (failure !== undefined && isOurs(failure)) {
      this.#except(operation, failure, error);
      this.#span(operation, { sampledOf: 1, failure });
      return true;
    }
    const sampledOf = this.#sampled(operation, telling, failure);
    if (sampledOf > 0) this.#span(operation, { sampledOf, ...(failure && { failure }) });
    return sampledOf > 0;
  }

  /** What there is, and what had no room; from then on there is nothing. */
  cut() {
    const cut = { spans: this.#spans, exceptions: this.#exceptions, dropped: this.#dropped };
    this.#spans = [];
    this.#exceptions = [];
    this.#dropped = { span: 0, exception: 0 };
    return cut;
  }

  /** Of how many like it this is the one that is told of; 0: it isn't. */
  #sampled(operation: TracedOperation, telling: Telling, failure: Outcome | undefined): number {
    const how = failure === undefined ? telling.done : telling.refused;
    switch (how) {
      case 'always':
        return 1;
      case 'never':
        return 0;
      case 'noted':
        return Object.keys(operation.attributes).length > 0 ? 1 : 0;
      case 'sampled': {
        const sampler = failure === undefined ? this.#done : this.#refused;
        const now = operation.over ?? this.#deps.now();
        return sampler.take(now, () => operation.context.sampled);
      }
    }
  }

  #span(
    operation: TracedOperation,
    end: { readonly sampledOf: number; readonly failure?: Outcome },
  ): void {
    if (this.#spans.length >= MAX_SPANS) {
      this.#dropped.span++;
      return;
    }
    const ms = this.#deps.now() - operation.began;
    const startedAt = this.#deps.clock() - ms;
    const { name, attributes } = operation;
    this.#spans.push({ ...idsOf(operation), name, startedAt, ms, attributes, ...end });
  }

  #except(operation: TracedOperation, kind: Outcome, error: unknown): void {
    if (this.#exceptions.length >= MAX_EXCEPTIONS) {
      this.#dropped.exception++;
      return;
    }
    const { attributes } = operation;
    const at = this.#deps.clock();
    this.#exceptions.push({ ...idsOf(operation), at, kind, ...whereThrown(error), attributes });
  }
}

function idsOf(operation: TracedOperation) {
  const { traceId, spanId } = operation.context;
  const { parentId } = operation;
  return { traceId, spanId, ...(parentId !== undefined && { parentId }) };
}
