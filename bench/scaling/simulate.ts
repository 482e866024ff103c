import { Random } from '../rollout/random.ts';
import { type Bill, bill } from './billing.ts';
import { Events } from './events.ts';
import { Fleet } from './fleet.ts';
import type { Plan } from './plans.ts';
import type { Fates, FleetRecord, Life } from './record.ts';
import type { Trace } from './traces.ts';
import type { Workload } from './workloads.ts';

/** What waits when the trace is over may be done for so long. */
const LONGEST_END_MS = 6 * 3_600_000;
/** What a tick that finds nothing to do takes: a few reads. Below the least period: it doesn't count. */
const TICK_MS = 300;

export interface Run {
  readonly plan: Plan;
  readonly trace: Trace;
  readonly workload: Workload;
  readonly seed?: number;
}

export interface Outcome {
  readonly requests: Fates;
  readonly chunks: Fates;
  /** Requests that waited for an instance to start. */
  readonly cold: number;
  readonly waits: FleetRecord['waits'];
  /** From the first chunk's arrival to the last one's end. */
  readonly batchMs: number | undefined;
  /** How many instances of each fleet there were from when on. */
  readonly sizes: readonly FleetRecord['sizes'][];
  readonly durationMs: number;
  readonly executions: number;
  readonly bill: Bill;
}

/** Replays a trace on a plan; the same run has the same outcome. */
export function simulate({ plan, trace, workload, seed = 1 }: Run): Outcome {
  const records = plan.fleets.map(({ kinds, settings }, index) => {
    const events = new Events();
    const random = new Random(seed, 100 + index);
    const fleet = new Fleet(events, settings, { workload, random });
    const arrivals = trace.arrivals.filter(({ kind }) => kinds.includes(kind));
    let next = 0;
    const arrive = (): void => {
      const arrival = arrivals[next++];
      if (!arrival) return;
      events.plan(arrival.at, () => {
        fleet.arrive(arrival.kind);
        arrive();
      });
    };
    arrive();
    while (events.next(trace.durationMs));
    while (fleet.hasWork && events.next(trace.durationMs + LONGEST_END_MS));
    fleet.end();
    return fleet.record;
  });
  const ticks = plan.timersEveryMs.map((everyMs) => timerLife(everyMs, trace.durationMs));
  const requests = sumOf(records.map((record) => record.requests));
  const chunks = sumOf(records.map((record) => record.chunks));
  const executions =
    requests.arrived + chunks.arrived + ticks.reduce((sum, { periods }) => sum + periods.length, 0);
  return {
    requests,
    chunks,
    cold: records.reduce((sum, { cold }) => sum + cold, 0),
    waits: records.flatMap(({ waits }) => waits),
    batchMs: batchMs(records),
    sizes: records.map(({ sizes }) => sizes),
    durationMs: trace.durationMs,
    executions,
    bill: bill(plan.billing, {
      lives: [...records.flatMap(({ lives }) => lives), ...ticks],
      requests: requests.arrived,
      executions,
      durationMs: trace.durationMs,
    }),
  };
}

/** A timer function is a group of its own: an instance that works at each tick. */
export function timerLife(everyMs: number, durationMs: number): Life {
  const count = Math.floor(durationMs / everyMs);
  const periods = Array.from({ length: count }, (_, tick) => ({
    from: tick * everyMs,
    to: tick * everyMs + TICK_MS,
  }));
  return { from: 0, to: durationMs, isKept: false, periods };
}

function batchMs(records: readonly FleetRecord[]): number | undefined {
  for (const { firstChunkAt, lastChunkAt } of records) {
    if (firstChunkAt !== undefined && lastChunkAt !== undefined) return lastChunkAt - firstChunkAt;
  }
  return undefined;
}

function sumOf(all: readonly Fates[]): Fates {
  const sum: Fates = { arrived: 0, served: 0, refused: 0, timedOut: 0, unfinished: 0 };
  for (const fates of all) {
    for (const fate of Object.keys(sum) as (keyof Fates)[]) sum[fate] += fates[fate];
  }
  return sum;
}
