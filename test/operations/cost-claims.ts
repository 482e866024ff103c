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
  const loads = [
    ['none: the timer', { busySeconds: 0, requests: 0 }],
    ['1,000 requests a day, each alone', alone((1_000 * HOURS_A_MONTH) / 24)],
    ['one instance that always works', { busySeconds: SECONDS, requests: 10 * SECONDS }],
  ] as const;
  const wrong = loads.flatMap(([load, work]) => {
    const expected = [onDemand(work), alwaysReady(work), DEDICATED.instanceHour * HOURS_A_MONTH];
    const row = rows.find(([first]) => first === load);
    if (!row) return [`no row of costs: ${load}`];
    return expected.flatMap((cost, i) =>
      row[i + 1] === cost.toFixed(2)
        ? []
        : [`${load}: expected ${cost.toFixed(2)}, got ${row[i + 1] ?? 'nothing'}`],
    );
  });
  return text.includes(timer) ? wrong : [...wrong, `expected the page to say "${timer}"`];
}

interface Work {
  readonly busySeconds: number;
  readonly requests: number;
}

const alone = (requests: number): Work => ({ busySeconds: requests, requests });

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
