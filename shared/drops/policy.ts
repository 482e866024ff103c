import type { Card } from '../registry/card.ts';
import type { WantedRollout } from '../registry/rollout-plan.ts';

/** A tenth of the requests is copied: enough for an opinion, and little beside what serving costs. */
const SHADOW = { percent: 10 } as const;

/**
 * The rollout that a dropped model starts by its card's policy, which says whether there is one and
 * of what kind; how fast it goes, the card's `rollout` may say. Undefined: none.
 */
export function rolloutByPolicy({
  policy,
  rollout,
}: Pick<Card, 'policy' | 'rollout'>): Omit<WantedRollout, 'version'> | undefined {
  switch (policy) {
    case 'canary':
      return { ...rollout };
    case 'shadow':
      return { ...rollout, shadow: rollout?.shadow ?? SHADOW };
    case 'immediate':
      return { steps: [100] };
    case 'manual':
    case undefined:
      return undefined;
  }
}
