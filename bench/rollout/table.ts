import { TOTAL_ALPHA } from '../../shared/rollout/metrics.ts';
import { type Estimate, estimatePart, estimateQuantile } from './intervals.ts';
import type { Outcome } from './ramp.ts';
import type { HarmfulScenario, Scenario } from './scenarios.ts';

export interface Tried<S extends Scenario> {
  readonly scenario: S;
  readonly outcomes: readonly Outcome[];
}

/** How often a candidate that does no harm was taken back. */
export function falseAlarms(outcomes: readonly Outcome[]): Estimate {
  return estimatePart(outcomes.filter(({ end }) => end === 'rolledBack').length, outcomes.length);
}

export function harmlessTable(all: readonly Tried<Scenario>[]): string {
  return table(
    [
      'the candidate is as good as production',
      'runs',
      'taken back',
      '95 % interval',
      'by errors / latency / answers',
      'median looks',
    ],
    all.map(({ scenario, outcomes }) => {
      const { value, least, most } = falseAlarms(outcomes);
      const by = (name: string) => outcomes.filter(({ metric }) => metric === name).length;
      return [
        scenario.name,
        whole(outcomes.length),
        percent(value),
        `${percent(least)} – ${percent(most)}`,
        ['errors', 'latency', 'answers'].map((name) => whole(by(name))).join(' / '),
        whole(
          estimateQuantile(
            outcomes.map(({ looks }) => looks),
            0.5,
          ).value,
        ),
      ];
    }),
  );
}

export function harmfulTable(all: readonly Tried<HarmfulScenario>[]): string {
  return table(
    [
      'harm',
      'share',
      'runs',
      'taken back',
      'median of the candidate’s requests',
      '95 % interval',
      '90 % of the runs within',
      '95 % interval',
    ],
    all.map(({ scenario, outcomes }) => {
      const requests = outcomes.map((outcome) => outcome.requests);
      const half = estimateQuantile(requests, 0.5);
      const most = estimateQuantile(requests, 0.9);
      return [
        scenario.harm,
        `${scenario.share} %`,
        whole(outcomes.length),
        percent(falseAlarms(outcomes).value),
        whole(half.value),
        `${whole(half.least)} – ${whole(half.most)}`,
        whole(most.value),
        `${whole(most.least)} – ${whole(most.most)}`,
      ];
    }),
  );
}

/** Whether no scenario is surely above the stated rate. */
export function keepsItsWord(all: readonly Tried<Scenario>[]): boolean {
  return all.every(({ outcomes }) => falseAlarms(outcomes).least <= TOTAL_ALPHA);
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  return [head, head.map(() => '---'), ...rows]
    .map((cells) => `| ${cells.join(' | ')} |`)
    .join('\n');
}

function percent(part: number): string {
  return `${(100 * part).toFixed(2)} %`;
}

function whole(value: number): string {
  return value.toLocaleString('en');
}
