import { SketchBuilder } from '../telemetry/latency-sketch.ts';
import { BlockBuilder } from './blocks.ts';
import { Callers } from './callers.ts';
import type { Comparison } from './compare-observed.ts';
import type { AnswerCounts, Arm, ShadowCounts, StageCounts } from './counts.ts';

/** Runs of a version on an instance that are not timed: code and caches are cold. */
const WARM_UP_RUNS = 20;
/** Answers that are told apart; all further ones count as one. */
const MAX_LABELS = 16;
const FURTHER = '…';

/** How often a version ran on this instance while it was looked at, whatever the stage. */
export interface Runs {
  count: number;
}

/** What is counted of a request that reached a version. */
export interface CountedRequest {
  /** Whether it was answered. */
  readonly ok: boolean;
  /** Of its run; undefined: it has none. */
  readonly ms: number | undefined;
  /** Of the answer's first row: rows of one request resemble each other. */
  readonly label: string | undefined;
  /** The point of its routing key; undefined: it has none. */
  readonly caller: number | undefined;
}

/** Counts one stage on one instance, in memory of bounded size. */
export class StageCounter {
  readonly #runs: Readonly<Record<Arm, Runs>>;
  readonly #blocks = new BlockBuilder();
  readonly #callers = new Callers();
  readonly #latency: Readonly<Record<Arm, SketchBuilder>> = {
    production: new SketchBuilder(),
    candidate: new SketchBuilder(),
  };
  /** Both arms under the same labels: else what one of them doesn't tell apart would be missing there. */
  readonly #answers = new Map<string, Record<Arm, number>>();
  readonly #shadow = {
    compared: 0,
    disagreed: 0,
    dropped: 0,
    numbers: 0,
    distanceSum: 0,
    distanceMax: 0,
  };

  constructor(runs: Readonly<Record<Arm, Runs>>) {
    this.#runs = runs;
  }

  /** `slowMs` as the live test has it; `now` in ms. */
  saw(
    arm: Arm,
    { ok, ms, label, caller }: CountedRequest,
    { slowMs, now }: { readonly slowMs: number | undefined; readonly now: number },
  ): void {
    const warm = ms !== undefined && ++this.#runs[arm].count > WARM_UP_RUNS;
    if (warm) this.#latency[arm].add(ms);
    const timed = warm && slowMs !== undefined;
    const slow = timed && ms > slowMs;
    const again = this.#callers.repeats(arm, caller, {
      error: !ok,
      slow: timed ? slow : undefined,
      label,
    });
    this.#blocks.add(
      arm,
      { error: !ok, timed, slow, errorAgain: again.errorAgain, slowAgain: again.slowAgain },
      now,
    );
    if (label !== undefined && !again.labelAgain) this.#answered(arm, label);
  }

  /** Both versions answered one request. */
  compared(comparison: Comparison): void {
    const shadow = this.#shadow;
    if (comparison.disagreed) shadow.disagreed++;
    else if (comparison.labels + comparison.numbers === 0) return;
    shadow.compared++;
    shadow.numbers += comparison.numbers;
    shadow.distanceSum += comparison.distanceSum;
    shadow.distanceMax = Math.max(shadow.distanceMax, comparison.distanceMax);
  }

  /** A copy was not made, or not run. */
  dropped(): void {
    this.#shadow.dropped++;
  }

  /** All of it so far; a copy. */
  counts(): Pick<StageCounts, 'blocks' | 'latency' | 'answers' | 'shadow'> {
    const { production, candidate } = this.#latency;
    return {
      blocks: this.#blocks.blocks(),
      latency: { production: production.sketch(), candidate: candidate.sketch() },
      answers: {
        production: this.#answersOf('production'),
        candidate: this.#answersOf('candidate'),
      },
      shadow: { ...this.#shadow } satisfies ShadowCounts,
    };
  }

  #answered(arm: Arm, label: string): void {
    const known = this.#answers.has(label) || this.#answers.size < MAX_LABELS ? label : FURTHER;
    const counts = this.#answers.get(known);
    if (counts) counts[arm]++;
    else this.#answers.set(known, { production: 0, candidate: 0, [arm]: 1 });
  }

  #answersOf(arm: Arm): AnswerCounts {
    const given: [string, number][] = [];
    for (const [label, counts] of this.#answers) {
      if (counts[arm] > 0) given.push([label, counts[arm]]);
    }
    return Object.fromEntries(given);
  }
}
