/** What an invocation costs beside the model, in ms of a core: 0.5 in the worker, 0.9 in the host. */
const INVOCATION_MS = 1.4;

/** What a request or a chunk makes an instance do. Times are of one core of the machine of bench/README.md. */
export interface Workload {
  readonly name: string;
  /** One row. */
  readonly runMs: number;
  /** The part of a run that its rows share: what k rows take is runMs · (shared + (1 − shared) · k). */
  readonly shared: number;
  /** Rows of a run at most; 1: never batched. */
  readonly bestBatch: number;
  /** A chunk of a batch, by core. */
  readonly chunkMs: number;
}

/** About 20 s of a core, as plan-batch.ts cuts it, unless 16 MiB hold less. */
const CHUNK_MS = 20_000;

export const WORKLOADS = {
  /** 64 numbers; 32 rows run about 10 times as fast together. 16 MiB of rows: 1 s of the host. */
  mlp: { name: 'MLP', runMs: 0.005, shared: 0.93, bestBatch: 32, chunkMs: 1_000 },
  /** MobileNet INT8: rows gain nothing from each other. */
  cnn: { name: 'MobileNet INT8', runMs: 1.3, shared: 0, bestBatch: 2, chunkMs: CHUNK_MS },
  /** MiniLM INT8: 182 a second and thread. Its scales are the request's own: never batched. */
  text: { name: 'MiniLM INT8', runMs: 5.5, shared: 0, bestBatch: 1, chunkMs: CHUNK_MS },
} as const satisfies Record<string, Workload>;

export type WorkloadName = keyof typeof WORKLOADS;

/** Milliseconds of a core for `requests` of a row each, run together. */
export function runOf(workload: Workload, requests: number): number {
  const { runMs, shared } = workload;
  return requests * INVOCATION_MS + runMs * (shared + (1 - shared) * requests);
}
