import type { Card } from '../registry/card.ts';
import type { WantedRollout } from '../registry/rollout-plan.ts';

/** A tenth of the requests is copied: enough for an opinion, and little beside what serving costs. */
const SHADOW = { percent: 10, minRequests: 100 } as const;

/** The rollout that a dropped model starts by its card's policy; undefined: none. */
export function rolloutByPolicy(
  policy: Card['policy'],
): Omit<WantedRollout, 'version'> | undefined {
  switch (policy) {
    case 'canary':
      return {};
    case 'shadow':
      return { shadow: SHADOW };
    case 'immediate':
      return { steps: [100] };
    case 'manual':
    case undefined:
      return undefined;
  }
}
