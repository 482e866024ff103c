import type { RolloutId, Version } from '../ids.ts';

/** How a rollout goes; settled when it starts, never changed. */
export interface RolloutPlan {
  /** The version that is to take production. */
  readonly version: Version;
  /** Production when it started: what it goes back to. */
  readonly from: Version;
  /** Percentages of the traffic, ascending, the last is 100: that is production. */
  readonly steps: readonly number[];
  /** Requests that the candidate must have taken at a step before the next; 0: none. */
  readonly minRequests: number;
  /** Seconds that a step takes at least. */
  readonly minSeconds: number;
  /** Before the steps: copies of so many percent of the requests, until so many were compared. */
  readonly shadow?: { readonly percent: number; readonly minRequests: number };
  readonly allowBreaking: boolean;
}

/** Where a rollout stands. What instances count is counted for a stage. */
export interface Stage {
  /** Counts up from 0; names the stage in the counters. */
  readonly number: number;
  readonly kind: 'shadow' | 'canary';
  /** Of the requests: copied, or answered by the candidate. */
  readonly percent: number;
  /** RFC 3339. */
  readonly startedAt: string;
}

/**
 * Log e-values of the sequential test that earlier stages left, by metric: a number for each point of
 * that metric's grid of alternatives. The test goes on from them, so that its false-alarm rate is
 * that of the whole rollout.
 */
export type Evidence = Readonly<Record<string, readonly number[]>>;

/** What was found when the counters of a stage were looked at. */
export interface Judgement {
  /** RFC 3339. */
  readonly at: string;
  readonly decision: 'hold' | 'advance' | 'rollBack';
  /** For people: which figure, against which bound. */
  readonly why: string;
  readonly figures: Readonly<Record<string, number | string>>;
}

/** Replacing a model's production, step by step. Part of the model's record. */
export interface Rollout {
  readonly id: RolloutId;
  readonly plan: RolloutPlan;
  readonly startedBy: string;
  /** Of the work that started it, as W3C Trace Context has it: what is decided of it is in that trace. */
  readonly traceparent?: string;
  /** RFC 3339. */
  readonly createdAt: string;
  /** The stage it is in, or ended in. */
  readonly stage: Stage;
  readonly evidence: Evidence;
  /** Production's p95 of a run in ms, frozen once, early in the rollout: longer runs count as slow. */
  readonly slowMs?: number;
  /** What let it advance last, or ended it. */
  readonly judgement?: Judgement;
  readonly status:
    | { readonly state: 'running' }
    /** It doesn't advance; it may still be rolled back. `why` it waits for somebody. */
    | { readonly state: 'paused'; readonly why: string }
    | {
        readonly state: 'completed' | 'rolledBack' | 'aborted';
        /** RFC 3339. */
        readonly finishedAt: string;
        readonly why: string;
      };
}

/** One that decides what is routed. */
export type ActiveRollout = Rollout & { readonly status: { readonly state: 'running' | 'paused' } };

/** Whether a rollout still decides what is routed. */
export function isActive(rollout: Rollout | undefined): rollout is ActiveRollout {
  return rollout?.status.state === 'running' || rollout?.status.state === 'paused';
}

/** Percent of the requests that a rollout lets its version answer now. */
export function takenPercent({ stage, status }: Rollout): number {
  switch (status.state) {
    case 'completed':
      return 100;
    case 'rolledBack':
    case 'aborted':
      return 0;
    default:
      return stage.kind === 'canary' ? stage.percent : 0;
  }
}
