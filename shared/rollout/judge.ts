import type { StageCounts } from './counts.ts';
import type { Evidence, Judgement, Rollout } from './rollout.ts';

export interface Judged {
  readonly judgement: Judgement;
  /** What the rollout's evidence is, this stage with it: to be kept when the stage ends. */
  readonly evidence: Evidence;
  /** Production's p95 in ms, when it is time to freeze it. */
  readonly slowMs?: number;
}

/**
 * What to do about a rollout that is active, by what all instances counted in its stage. `now` in ms.
 */
export function judge({
  rollout,
  now,
}: {
  readonly rollout: Rollout;
  readonly counts: readonly StageCounts[];
  readonly now: number;
}): Judged {
  return {
    judgement: {
      at: new Date(now).toISOString(),
      decision: 'hold',
      why: 'nothing is tested yet',
      figures: {},
    },
    evidence: rollout.evidence,
  };
}
