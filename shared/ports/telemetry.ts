import type { FailureKind } from '../errors.ts';
import type { LatencySketch } from '../telemetry/latency-sketch.ts';
import type { MetricName } from '../telemetry/metric-names.ts';

/** Names and values by which figures are told apart: of models, versions, routes, kinds; never of people. */
export type Dimensions = Readonly<Record<string, string>>;

/** What one series of a metric came to in a batch's time. */
export interface MetricPoint {
  readonly name: MetricName;
  readonly dimensions: Dimensions;
  /** How many values, and what they were together; in the unit that the name says. */
  readonly count: number;
  readonly sum: number;
  readonly min: number;
  readonly max: number;
  /** How often which value, where quantiles are asked for. */
  readonly sketch?: LatencySketch;
}

/** Ids as W3C Trace Context has them: lower-case hex, 32 digits a trace, 16 a span. */
export interface SpanIds {
  readonly traceId: string;
  readonly spanId: string;
  /** Absent: the trace begins here. */
  readonly parentId?: string;
}

/** A piece of work that has ended, inside of what the host tells of by itself. */
export interface FinishedSpan extends SpanIds {
  /** What was done, few different ones: a function's name, or a step of it. */
  readonly name: string;
  /** Ms since the epoch. */
  readonly startedAt: number;
  readonly ms: number;
  /** What it failed of; `bug`: something that should not have happened. Absent: it did not. */
  readonly failure?: FailureKind | 'bug';
  /** Nothing of a payload or a person. */
  readonly attributes: Readonly<Record<string, string | number>>;
  /** Of how many like it this one was kept: 1 is all of them. */
  readonly sampledOf: number;
}

/** A failure on our side: callers' own mistakes are told by metrics alone. */
export interface SeenException extends SpanIds {
  /** Ms since the epoch. */
  readonly at: number;
  readonly kind: FailureKind | 'bug';
  /** The class of what was thrown, or of its innermost cause. */
  readonly type: string;
  /** Where: lines `    at …` and no message, which may quote what a caller sent. */
  readonly stack: string;
  readonly attributes: Readonly<Record<string, string | number>>;
}

/** What an instance noticed in a stretch of time. */
export interface TelemetryBatch {
  /** Ms since the epoch. */
  readonly from: number;
  readonly to: number;
  readonly metrics: readonly MetricPoint[];
  readonly spans: readonly FinishedSpan[];
  readonly exceptions: readonly SeenException[];
}

/** What became of a batch. */
export interface Sent {
  /** What was not taken this time and is to be sent again; the rest must not be. */
  readonly left?: TelemetryBatch | undefined;
  /** How many items were refused for good. */
  readonly refused: number;
}

/** Where telemetry goes. */
export interface TelemetrySink {
  /** Rejects when nothing was taken. Takes a bounded time. Batches are sent one after the other. */
  send(batch: TelemetryBatch): Promise<Sent>;
  close(): Promise<void>;
}
