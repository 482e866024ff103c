import { describe, expect, test } from '@jest/globals';
import { type Card, cardSchema, inheritCard } from '../registry/card.ts';
import { rolloutByPolicy } from './policy.ts';

const pace = { steps: [10, 100], minRequests: 50, minSeconds: 5 };

describe('rolloutByPolicy', () => {
  test.each<[Card, ReturnType<typeof rolloutByPolicy>]>([
    [{}, undefined],
    [{ policy: 'manual', rollout: pace }, undefined],
    [{ policy: 'canary' }, {}],
    [{ policy: 'canary', rollout: pace }, pace],
    [{ policy: 'shadow' }, { shadow: { percent: 10 } }],
    [
      { policy: 'shadow', rollout: pace },
      { ...pace, shadow: { percent: 10 } },
    ],
    [
      { policy: 'shadow', rollout: { shadow: { percent: 100, minRequests: 5 } } },
      { shadow: { percent: 100, minRequests: 5 } },
    ],
    [{ policy: 'immediate', rollout: pace }, { steps: [100] }],
  ])('%j starts %j', (card, wanted) => {
    expect(rolloutByPolicy(card)).toEqual(wanted);
  });
});

describe('a card’s `rollout`', () => {
  test.each([
    [{ steps: [] }],
    [{ steps: [50, 25] }],
    [{ steps: [5, 5, 100] }],
    [{ steps: [0, 100] }],
    [{ steps: [101] }],
    [{ minRequests: 1.5 }],
    [{ minSeconds: -1 }],
    [{ shadow: {} }],
    [{ pace: 'fast' }],
    ['fast'],
  ])('%j is refused', (rollout) => {
    expect(cardSchema.safeParse({ rollout }).success).toBe(false);
  });

  test('goes with the policy to the versions after it', () => {
    const card = inheritCard({}, { policy: 'canary', rollout: pace });
    expect(card).toEqual({ policy: 'canary', rollout: pace });
  });
});
