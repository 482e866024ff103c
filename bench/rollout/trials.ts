import { type Outcome, ramp } from './ramp.ts';
import { Random } from './random.ts';
import type { Scenario } from './scenarios.ts';

/** Rollouts of one scenario, by number: each is the same whenever it is run. */
export interface Trials {
  readonly scenario: Scenario;
  readonly from: number;
  /** The first that isn't run any more. */
  readonly to: number;
}

export function runTrials({ scenario, from, to }: Trials): Outcome[] {
  const outcomes: Outcome[] = [];
  for (let number = from; number < to; number++) {
    const random = new Random(number, scenario.stream);
    outcomes.push(ramp(scenario.plan, scenario.traffic(random), random));
  }
  return outcomes;
}
