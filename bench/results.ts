import type { Encoding } from './request-bytes.ts';
import type { Spread } from './spread.ts';

/** Everything one run of the benchmark found; `out/bench/results.json` holds it. */
export interface Results {
  readonly machine: Machine;
  readonly settings: { readonly rounds: number; readonly sliceMs: number };
  readonly throughput: readonly ArmResult[];
  readonly starts: readonly StartResult[];
  readonly memory: readonly MemoryResult[];
  readonly swaps: readonly SwapResult[];
  readonly neighbours: readonly NeighbourResult[];
  /** Parts that could not be measured, and why. */
  readonly failed: readonly string[];
}

export interface Machine {
  readonly cpu: string;
  readonly cpus: number;
  readonly memoryBytes: number;
  readonly node: string;
  readonly onnxruntime: string;
  readonly revision: string;
}

/** The project as it stands in the working tree; compared revisions go by their own names. */
export const OURS = 'this';
/** The same twice, so that what telemetry costs can be told. */
export const TOLD = 'telemetry on';
export const UNTOLD = 'telemetry off';

export interface ArmResult {
  readonly workload: string;
  /** `bare`, `naive`, `empty`, `this`, the compared revision, `telemetry on` or `telemetry off`. */
  readonly subject: string;
  readonly encoding: Encoding | undefined;
  readonly clients: number;
  /** By round. */
  readonly perSecond: readonly number[];
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** By round; empty for what has no event loop to watch. */
  readonly loopP99Ms: readonly number[];
  readonly loopMaxMs: number | undefined;
  readonly cpuMsPerRequest: number;
  /** Of the process that asks. Two processors share it and the server. */
  readonly generatorCpuMsPerRequest: number | undefined;
  readonly residentBytes: number;
}

/** From the start of the process to the first answer; times in ms, by repetition. */
export interface StartResult {
  readonly workload: string;
  /** `bare`, `this`, the compared revision, `telemetry on` or `telemetry off`. */
  readonly subject: string;
  readonly totalMs: readonly number[];
  readonly phases: Readonly<Record<string, Spread>>;
  /** The last start's own account of itself, as it logged it. */
  readonly account: string | undefined;
}

export interface MemoryResult {
  readonly subject: string;
  /**
   * What a 90 MB FP32 model takes with one thread, and each further thread's session of it; by
   * repetition.
   */
  readonly firstSessionBytes: readonly number[];
  readonly furtherSessionBytes: readonly number[];
  /** What each further small model takes, on all threads. */
  readonly furtherModelBytes: number;
  /** Resident after the first twentieth of the cycles of loading and unloading, and after all. */
  readonly cycles: number;
  readonly earlyResidentBytes: number;
  readonly lateResidentBytes: number;
}

export interface SwapResult {
  readonly subject: string;
  readonly workload: string;
  readonly requests: number;
  readonly failures: number;
  readonly versions: Readonly<Record<string, number>>;
  readonly steadyP99Ms: number;
  readonly swapP99Ms: number;
}

export interface NeighbourResult {
  readonly subject: string;
  readonly workload: string;
  readonly loadMs: readonly number[];
  readonly steadyP99Ms: number;
  readonly loadP99Ms: number;
  readonly loopP99Ms: readonly number[];
}
