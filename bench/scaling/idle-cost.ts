import { table } from '../table.ts';
import { bill } from './billing.ts';
import { timerLife } from './simulate.ts';
import { dollars } from './tables.ts';

const DAY_MS = 86_400_000;
const DAYS_A_MONTH = 365 / 12;
const MEMORIES_MB = [512, 2048, 4096];

/** Timer functions by their ticks. */
const TIMERS = [
  { name: 'one, each minute', everyMs: [60_000] },
  { name: 'two each minute, two each 30 s', everyMs: [60_000, 60_000, 30_000, 30_000] },
];

export interface IdleCost {
  readonly executions: number;
  readonly gbSeconds: number;
  /** In US dollars, when nothing else uses the grants. */
  readonly monthly: number;
  /** When other work has used them up. */
  readonly beyondGrants: number;
}

/** What timers of these intervals cost in a month without any other work on Flex Consumption. */
export function idleCost(everyMs: readonly number[], memoryMb: number): IdleCost {
  const lives = everyMs.map((each) => timerLife(each, DAY_MS));
  const executions = lives.reduce((sum, { periods }) => sum + periods.length, 0);
  const usage = { lives, requests: 0, executions, durationMs: DAY_MS };
  const billing = { kind: 'flex', memoryGb: memoryMb / 1024 } as const;
  const { gbSeconds, monthly } = bill(billing, usage);
  return {
    executions: executions * DAYS_A_MONTH,
    gbSeconds: gbSeconds * DAYS_A_MONTH,
    monthly,
    beyondGrants: bill(billing, { ...usage, hasGrants: false }).monthly,
  };
}

export function idleTable(): string {
  return table(
    ['timer functions', 'MB', 'executions', 'GB-s', '$ a month', 'grants used up'],
    TIMERS.flatMap(({ name, everyMs }) =>
      MEMORIES_MB.map((memoryMb) => {
        const cost = idleCost(everyMs, memoryMb);
        return [
          name,
          String(memoryMb),
          String(Math.round(cost.executions)),
          String(Math.round(cost.gbSeconds)),
          dollars(cost.monthly),
          dollars(cost.beyondGrants),
        ];
      }),
    ),
  );
}
