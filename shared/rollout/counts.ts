import type { LatencySketch } from '../telemetry/latency-sketch.ts';

/** The two versions that are compared. */
export type Arm = 'production' | 'candidate';

/** What one version did in a stretch of time. */
export interface ArmCounts {
  /** That reached the version: what an overload refused, or the signature, is not among them. */
  readonly requests: number;
  /** Of `requests`: those without an answer. */
  readonly errors: number;
  /** Of `errors`: of callers whose request before failed too. They prove nothing more of the version. */
  readonly errorsAgain?: number;
  /** Of `requests`: those whose run was timed, and counts: none while the version warms up. */
  readonly timed: number;
  /** Of `timed`: longer than the rollout's `slowMs`. */
  readonly slow: number;
  /** Of `slow`: of callers whose run before was slow too. */
  readonly slowAgain?: number;
}

/**
 * A few seconds of one instance. Both versions saw the same machine and the same callers in it, so
 * it is what the test compares within.
 */
export type Block = Readonly<Record<Arm, ArmCounts>>;

/**
 * How often each answer was given, by the label as text; beyond a bound of labels, `…`. What a caller
 * was answered the time before is not counted again.
 */
export type AnswerCounts = Readonly<Record<string, number>>;

/** Copies of requests, answered by both versions. */
export interface ShadowCounts {
  /** Requests that both answered and that could be compared. */
  readonly compared: number;
  /** Of `compared`: a label of the answer differs, or its numbers can't be compared. */
  readonly disagreed: number;
  /** Copies that were not made or not run because the instance was busy. */
  readonly dropped: number;
  /** Numbers that were compared, the sum and the largest of their absolute differences. */
  readonly numbers: number;
  readonly distanceSum: number;
  readonly distanceMax: number;
}

/**
 * What one instance has counted since a stage began; all of it is JSON. Written whole, in place of
 * what the same boot wrote before; those of all boots add up.
 */
export interface StageCounts {
  /** The rollout's id, or the key of a `LiveTest` without one. */
  readonly key: string;
  readonly stage: number;
  /** Names who counted, from zero: a process, and how often it has begun to count something. */
  readonly boot: string;
  /** Ms since the epoch. */
  readonly updatedAt: number;
  /** By time. Neighbours are added up where there would be too many. */
  readonly blocks: readonly Block[];
  /** Of runs, in ms. */
  readonly latency: Readonly<Record<Arm, LatencySketch>>;
  readonly answers: Readonly<Record<Arm, AnswerCounts>>;
  readonly shadow: ShadowCounts;
}
