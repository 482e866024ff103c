import type { FleetRecord } from './record.ts';
import type { Outcome } from './simulate.ts';

/** What the tables show of an outcome. */
export interface Figures {
  readonly instancesMax: number;
  readonly instancesMean: number;
  readonly waitP50Ms: number;
  readonly waitP95Ms: number;
  readonly waitP99Ms: number;
  /** Of all requests, those that waited for an instance to start. */
  readonly coldShare: number;
  /** Refused or timed out. */
  readonly lost: number;
  readonly batchMinutes: number | undefined;
  readonly gbSeconds: number;
  readonly vcpuSeconds: number;
  readonly executions: number;
  readonly monthly: number;
}

export function figuresOf(outcome: Outcome): Figures {
  const waits = Float64Array.from(outcome.waits, ({ ms }) => ms).sort();
  const { requests, chunks, durationMs } = outcome;
  return {
    instancesMax: mostOf(outcome.sizes),
    instancesMean: outcome.sizes.reduce((sum, sizes) => sum + meanOf(sizes, durationMs), 0),
    waitP50Ms: quantile(waits, 0.5),
    waitP95Ms: quantile(waits, 0.95),
    waitP99Ms: quantile(waits, 0.99),
    coldShare: requests.arrived === 0 ? 0 : outcome.cold / requests.arrived,
    lost: requests.refused + requests.timedOut + requests.unfinished + chunks.unfinished,
    batchMinutes: outcome.batchMs === undefined ? undefined : outcome.batchMs / 60_000,
    gbSeconds: outcome.bill.gbSeconds,
    vcpuSeconds: outcome.bill.vcpuSeconds,
    executions: outcome.executions,
    monthly: outcome.bill.monthly,
  };
}

/** Of sorted values, the least with at least that part below or at it; NaN of none. */
export function quantile(sorted: ArrayLike<number>, part: number): number {
  return sorted[Math.max(0, Math.ceil(part * sorted.length) - 1)] ?? Number.NaN;
}

/** The most there were at one time, of all fleets together. */
export function mostOf(fleets: readonly FleetRecord['sizes'][]): number {
  const changes = fleets.flatMap((sizes) =>
    sizes.map(({ at, count }, index) => ({ at, by: count - (sizes[index - 1]?.count ?? 0) })),
  );
  // At the same time, what goes does so before what comes.
  changes.sort((one, other) => one.at - other.at || one.by - other.by);
  let [now, most] = [0, 0];
  for (const { by } of changes) {
    now += by;
    most = Math.max(most, now);
  }
  return most;
}

/** Weighed by time. */
export function meanOf(sizes: FleetRecord['sizes'], durationMs: number): number {
  let sum = 0;
  for (const [index, { at, count }] of sizes.entries()) {
    const until = Math.min(durationMs, sizes[index + 1]?.at ?? durationMs);
    sum += Math.max(0, until - at) * count;
  }
  return sum / durationMs;
}
