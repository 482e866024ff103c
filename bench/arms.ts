import type { BareThreadResult } from './bare.ts';
import type { Child } from './child.ts';
import type { LoadResult, LoadSlice } from './closed-loop.ts';
import { Latencies } from './latencies.ts';
import type { LoopDelay } from './probe.ts';
import { readCpuSeconds, readMemory } from './process-reading.ts';
import type { Encoding } from './request-bytes.ts';

/** Who is measured, at what. */
export interface Arm {
  readonly subject: string;
  /** Undefined: no HTTP. */
  readonly encoding?: Encoding;
  /** For the bare loop: the arms it stands beside. */
  readonly clients: number;
  readonly slice: (ms: number) => Promise<Sample>;
}

/** What one short slice of time showed. */
export interface Sample {
  readonly requests: number;
  /** Requests that were not answered 200, and what was answered to the first of them. */
  readonly failures: number;
  readonly firstFailure?: string | undefined;
  readonly seconds: number;
  readonly latencies: Latencies;
  /** Of the process that is measured, all its threads. */
  readonly cpuSeconds: number;
  /** Of the process that asks. */
  readonly generatorCpuSeconds?: number;
  readonly residentBytes: number;
  readonly loop?: LoopDelay;
  readonly byHeader?: Readonly<Record<string, number>>;
}

/** The runtime alone, on all threads of `bare`. */
export async function sliceOfBare(bare: Child, ms: number): Promise<Sample> {
  return await measured(bare.pid, async () => {
    const { requests, seconds, counts } = await bare.ask<BareThreadResult>('slice', { ms });
    return { requests, failures: 0, seconds, latencies: new Latencies(counts) };
  });
}

/** A server asked by `generator`. */
export async function sliceOfServer(
  generator: Child,
  server: Child,
  asked: LoadSlice & { requestFile: string },
): Promise<Sample> {
  await server.ask('watchLoop');
  const sample = await measured(server.pid, async () => {
    const before = await readCpuSeconds(generator.pid);
    const result = await generator.ask<LoadResult>('slice', asked);
    const generatorCpuSeconds = (await readCpuSeconds(generator.pid)) - before;
    return { ...result, generatorCpuSeconds, latencies: new Latencies(result.counts) };
  });
  return { ...sample, loop: await server.ask<LoopDelay>('readLoop') };
}

/** The same sample. @throws Error when a request failed: speed without answers is none */
export function unfailing(sample: Sample): Sample {
  const { failures, requests, firstFailure } = sample;
  if (failures === 0) return sample;
  throw new Error(`${failures} of ${requests} requests failed: ${firstFailure}`);
}

async function measured<Result extends object>(pid: number, work: () => Promise<Result>) {
  const before = await readCpuSeconds(pid);
  const result = await work();
  const cpuSeconds = (await readCpuSeconds(pid)) - before;
  const { residentBytes } = await readMemory(pid);
  return { ...result, cpuSeconds, residentBytes };
}
