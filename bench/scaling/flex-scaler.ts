import { type Scaler, stabilized } from './scaler.ts';

/** Learn, "Event-driven scaling", of the Consumption plan: for HTTP at most once a second. */
const HTTP_LOOK_MS = 1_000;
/** The same page: for other triggers, at most once in 30 seconds. */
const QUEUE_LOOK_MS = 30_000;
/** Learn, "Target-based scaling", of no plan in particular: up to four instances at a time. */
const QUEUE_STEP = 4;

/** How fast the platform goes; what is absent is documented, if of other plans. */
export interface FlexPace {
  /** What was wanted within this stays. */
  readonly idleMs: number;
  readonly httpStep: number;
  readonly queueLookMs?: number;
  readonly queueStep?: number;
}

/**
 * HTTP on Flex Consumption: as many instances as the requests under way need at `concurrency` each
 * (Learn, "Concurrency in Azure Functions"). How many are added at a time is not documented:
 * `httpStep`, in the report as many as are wanted.
 */
export function flexHttp(concurrency: number, { idleMs, httpStep }: FlexPace): Scaler {
  const scaler: Scaler = {
    everyMs: HTTP_LOOK_MS,
    wanted: ({ requests, instances }) =>
      Math.min(instances + httpStep, Math.ceil(requests / concurrency)),
  };
  return stabilized(scaler, idleMs);
}

/**
 * A queue on Flex Consumption: messages ÷ `batchSize` (Learn, "Target-based scaling"). The pace is
 * that of other plans: none is documented for this one.
 */
export function flexQueue(
  batchSize: number,
  { idleMs, queueLookMs = QUEUE_LOOK_MS, queueStep = QUEUE_STEP }: FlexPace,
): Scaler {
  const scaler: Scaler = {
    everyMs: queueLookMs,
    wanted: ({ messages, instances }) =>
      Math.min(instances + queueStep, Math.ceil(messages / batchSize)),
  };
  return stabilized(scaler, idleMs);
}
