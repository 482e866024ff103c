import type { Percentiles } from '../../../evaluation/cost.ts';

export interface Timing {
  /** Runs of a round. */
  readonly runs: number;
  /** No run begins after this, ms. */
  readonly boundMs: number;
  /** The quietest round counts: others on the machine only add time. */
  readonly rounds: number;
}

/** Times runs that follow each other, after one that doesn't count. Rejects when one does. */
export async function timeRuns(run: () => Promise<unknown>, timing: Timing): Promise<Percentiles> {
  await run();
  const began = performance.now();
  const isInTime = (): boolean => performance.now() - began < timing.boundMs;
  let best: Percentiles | undefined;
  for (let round = 0; round < timing.rounds && (!best || isInTime()); round++) {
    const times: number[] = [];
    do {
      const before = performance.now();
      await run();
      times.push(performance.now() - before);
    } while (times.length < timing.runs && isInTime());
    // A round that was cut short is no match for a whole one.
    if (best && times.length < timing.runs) break;
    const found = percentilesOf(times);
    if (!best || found.p95 < best.p95) best = found;
  }
  return best ?? { p50: 0, p95: 0, p99: 0 };
}

/** By nearest rank, rounded to a microsecond. */
export function percentilesOf(times: readonly number[]): Percentiles {
  const sorted = times.toSorted((a, b) => a - b);
  const at = (part: number): number => {
    const time = sorted[Math.max(0, Math.ceil(part * sorted.length) - 1)] ?? 0;
    return Math.round(time * 1000) / 1000;
  };
  return { p50: at(0.5), p95: at(0.95), p99: at(0.99) };
}
