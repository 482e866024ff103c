import type { RolloutId, Version } from '../../shared/ids.ts';
import type { Arm } from '../../shared/rollout/counts.ts';
import { judge } from '../../shared/rollout/judge.ts';
import type { Rollout } from '../../shared/rollout/rollout.ts';
import { type Runs, StageCounter } from '../../shared/rollout/stage-counter.ts';
import { EMPTY_SKETCH } from '../../shared/telemetry/latency-sketch.ts';
import type { Random } from './random.ts';
import { Stream, type Traffic } from './traffic.ts';

/** How a rollout is tried. */
export interface Plan {
  readonly steps: readonly number[];
  readonly minRequests: number;
  readonly minSeconds: number;
  /** Somebody looks so often; one of them, drawn for each rollout. */
  readonly lookSeconds: readonly [least: number, most: number];
  /** Given up after so many requests in all. */
  readonly maxRequests: number;
}

export interface Outcome {
  readonly end: 'completed' | 'rolledBack' | 'givenUp';
  /** What convicted the candidate. */
  readonly metric?: string;
  /** That the candidate took, over all steps. */
  readonly requests: number;
  readonly seconds: number;
  readonly looks: number;
}

const NO_LATENCY = { production: EMPTY_SKETCH, candidate: EMPTY_SKETCH };

const ID = 'simulated' as RolloutId;

/** Runs one rollout to its end through the judge that decides about real ones. */
export function ramp(plan: Plan, traffic: Traffic, random: Random): Outcome {
  const stream = new Stream(traffic, random);
  const instances = Array.from({ length: traffic.instances }, () => new Instance());
  const [least, most] = plan.lookSeconds;
  const lookSeconds = least + random.uniform() * (most - least);
  let rollout = begin(plan);
  let nextLook = lookSeconds;
  let requests = 0;
  let looks = 0;
  for (let all = 0; all < plan.maxRequests; all++) {
    const request = stream.next();
    while (request.at >= nextLook) {
      looks += 1;
      const { id, stage } = rollout;
      const counts = instances.map((instance, boot) => ({
        ...instance.counter.counts(),
        // Nothing is decided by it once the p95 is frozen, and adding it up takes longest.
        ...(rollout.slowMs !== undefined && { latency: NO_LATENCY }),
        key: id,
        stage: stage.number,
        boot: String(boot),
        updatedAt: 0,
      }));
      const { judgement, evidence, slowMs } = judge({ rollout, counts, now: nextLook * 1000 });
      if (judgement.decision === 'rollBack') {
        const [metric = ''] = judgement.why.split(':');
        return { end: 'rolledBack', metric, requests, seconds: nextLook, looks };
      }
      if (slowMs !== undefined) rollout = { ...rollout, slowMs };
      if (judgement.decision === 'advance') {
        const percent = plan.steps[stage.number + 1];
        if (percent === undefined) {
          return { end: 'completed', requests, seconds: nextLook, looks };
        }
        rollout = {
          ...rollout,
          evidence,
          judgement,
          stage: { number: stage.number + 1, kind: 'canary', percent, startedAt: timeOf(nextLook) },
        };
        for (const instance of instances) instance.begin();
      }
      nextLook += lookSeconds;
    }
    const arm = request.point * 100 < rollout.stage.percent ? 'candidate' : 'production';
    if (arm === 'candidate') requests += 1;
    const ok = !stream.fails(arm);
    instances[request.instance]?.counter.saw(
      arm,
      {
        ok,
        ms: ok ? stream.latency(arm) : undefined,
        label: ok ? stream.label() : undefined,
        caller: request.caller,
      },
      { slowMs: rollout.slowMs, now: request.at * 1000 },
    );
  }
  return { end: 'givenUp', requests, seconds: nextLook, looks };
}

/** What an instance counts with. Production has run for long, the candidate never. */
class Instance {
  readonly #runs: Record<Arm, Runs> = { production: { count: 1000 }, candidate: { count: 0 } };
  counter = new StageCounter(this.#runs);

  /** A new stage starts new counts. */
  begin(): void {
    this.counter = new StageCounter(this.#runs);
  }
}

function begin({ steps, minRequests, minSeconds }: Plan): Rollout {
  return {
    id: ID,
    plan: {
      version: 2 as Version,
      from: 1 as Version,
      steps: [...steps, 100],
      minRequests,
      minSeconds,
      allowBreaking: false,
    },
    startedBy: 'simulation',
    createdAt: timeOf(0),
    stage: { number: 0, kind: 'canary', percent: steps[0] ?? 100, startedAt: timeOf(0) },
    evidence: {},
    status: { state: 'running' },
  };
}

function timeOf(seconds: number): string {
  return new Date(seconds * 1000).toISOString();
}
