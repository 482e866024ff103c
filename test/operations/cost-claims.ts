import { readFileSync } from 'node:fs';
import { DEDICATED, FLEX, HOURS_A_MONTH } from '../../bench/scaling/prices.ts';
import type { Page } from './page.ts';

const SECONDS = HOURS_A_MONTH * 3_600;
const GB = 2;
/** Ticks of `tend`; each is a second of an instance of its own. */
const TICKS = HOURS_A_MONTH * 60;

/** What the page says of costs that can't be worked out from the prices. */
export function costClaims({ rows, text }: Page): string[] {
  const { gbSecond, execution } = FLEX.onDemand;
  const timer = `${(TICKS * (GB * gbSecond + execution)).toFixed(2)} with the grants used up`;
  const [year] =
    /list prices of \d{4}/i.exec(readFileSync('bench/scaling/prices.ts', 'utf8')) ?? [];
  const dedicated = DEDICATED.instanceHour * HOURS_A_MONTH;
  const said = [
    timer,
    year?.toLowerCase() ?? 'the year of prices.ts',
    `more than ${shareFrom((share) => onDemand(always(share)) - alwaysReady(always(share)))} of the time: from there on`,
    `more than ${shareFrom((share) => onDemand(always(share)) - dedicated)} of the time, or two`,
    `two would ${shareFrom((share) => onDemand(always(2 * share)) - dedicated)} each`,
  ];
  const loads = [
    ['none: the timer', { busySeconds: 0, requests: 0 }],
    ['1,000 requests a day, each alone', alone((1_000 * HOURS_A_MONTH) / 24)],
    ['one instance that always works', always(1)],
  ] as const;
  const wrong = loads.flatMap(([load, work]) => {
    const expected = [onDemand(work), alwaysReady(work), dedicated];
    const row = rows.find(([first]) => first === load);
    if (!row) return [`no row of costs: ${load}`];
    return expected.flatMap((cost, i) =>
      row[i + 1] === cost.toFixed(2)
        ? []
        : [`${load}: expected ${cost.toFixed(2)}, got ${row[i + 1] ?? 'nothing'}`],
    );
  });
  const page = text.replace(/\s+/g, ' ');
  const missing = said.filter((words) => !page.includes(words));
  return [...wrong, ...missing.map((words) => `expected the page to say "${words}"`)];
}

/** From which share of the time on something costs more than what it is compared with, in percent. */
function shareFrom(difference: (share: number) => number): string {
  const percent = Array.from({ length: 100 }, (_, i) => i).findLast((i) => difference(i / 100) < 0);
  return `${percent ?? '?'} %`;
}

interface Work {
  readonly busySeconds: number;
  readonly requests: number;
}

const alone = (requests: number): Work => ({ busySeconds: requests, requests });

/** Ten requests a second for a share of the time. */
const always = (share: number): Work => ({
  busySeconds: share * SECONDS,
  requests: 10 * share * SECONDS,
});

function onDemand({ busySeconds, requests }: Work): number {
  const { gbSecond, freeGbSeconds, execution, freeExecutions } = FLEX.onDemand;
  const beyond = (used: number, free: number) => Math.max(0, used - free);
  return (
    beyond((busySeconds + TICKS) * GB, freeGbSeconds) * gbSecond +
    beyond(requests + TICKS, freeExecutions) * execution
  );
}

/** Requests by the instance that is kept, the timer on demand. */
function alwaysReady({ busySeconds, requests }: Work): number {
  const { baselineGbSecond, gbSecond, execution } = FLEX.alwaysReady;
  return (
    SECONDS * GB * baselineGbSecond +
    busySeconds * GB * gbSecond +
    requests * execution +
    onDemand({ busySeconds: 0, requests: 0 })
  );
}
