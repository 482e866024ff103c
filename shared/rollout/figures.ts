import {
  EMPTY_SKETCH,
  type LatencySketch,
  mergeSketches,
  quantiles,
} from '../telemetry/latency-sketch.ts';
import { sumOfCounts } from './blocks.ts';
import type { AnswerCounts, Arm, ArmCounts, ShadowCounts, StageCounts } from './counts.ts';

/** What one version did, over all instances. */
export interface ArmFigures extends Required<ArmCounts> {
  /** Undefined without a request. */
  readonly errorRate: number | undefined;
  /** Of a run, in ms, within 1 %; undefined when none was timed. */
  readonly p50: number | undefined;
  readonly p95: number | undefined;
  readonly p99: number | undefined;
  readonly latency: LatencySketch;
  readonly answers: AnswerCounts;
}

/** What all copies came to, over all instances. */
export interface ShadowFigures extends ShadowCounts {
  /** Part of the compared that did not disagree; undefined when none was. */
  readonly agreement: number | undefined;
  /** Undefined when no number was compared. */
  readonly meanDistance: number | undefined;
}

/** A stage over all instances, for people and for the judge. */
export interface LiveFigures {
  readonly production: ArmFigures;
  readonly candidate: ArmFigures;
  readonly shadow: ShadowFigures;
}

/** Adds up what the instances counted in one stage. */
export function figuresOf(counts: readonly StageCounts[]): LiveFigures {
  return {
    production: armFigures(counts, 'production'),
    candidate: armFigures(counts, 'candidate'),
    shadow: shadowFigures(counts),
  };
}

function armFigures(counts: readonly StageCounts[], arm: Arm): ArmFigures {
  const sum = sumOfCounts(counts.flatMap(({ blocks }) => blocks.map((block) => block[arm])));
  const latency =
    counts.length === 0 ? EMPTY_SKETCH : mergeSketches(counts.map((one) => one.latency[arm]));
  const [p50, p95, p99] = quantiles(latency, [0.5, 0.95, 0.99]);
  return {
    ...sum,
    errorRate: sum.requests === 0 ? undefined : sum.errors / sum.requests,
    p50,
    p95,
    p99,
    latency,
    answers: sumOfAnswers(counts.map((one) => one.answers[arm])),
  };
}

function sumOfAnswers(all: readonly AnswerCounts[]): AnswerCounts {
  const sum = new Map<string, number>();
  for (const answers of all) {
    for (const [label, times] of Object.entries(answers)) {
      sum.set(label, (sum.get(label) ?? 0) + times);
    }
  }
  return Object.fromEntries(sum);
}

function shadowFigures(counts: readonly StageCounts[]): ShadowFigures {
  let [compared, disagreed, dropped, numbers, distanceSum, distanceMax] = [0, 0, 0, 0, 0, 0];
  for (const { shadow } of counts) {
    compared += shadow.compared;
    disagreed += shadow.disagreed;
    dropped += shadow.dropped;
    numbers += shadow.numbers;
    distanceSum += shadow.distanceSum;
    distanceMax = Math.max(distanceMax, shadow.distanceMax);
  }
  return {
    compared,
    disagreed,
    dropped,
    numbers,
    distanceSum,
    distanceMax,
    agreement: compared === 0 ? undefined : 1 - disagreed / compared,
    meanDistance: numbers === 0 ? undefined : distanceSum / numbers,
  };
}
