import type { BatchJob, RowCounts } from '../batch/job.ts';
import { groupsOf, sumOf } from '../batch/receipt.ts';
import type { BatchDeps } from './batch-deps.ts';

type Deps = Pick<BatchDeps, 'clock' | 'batchFiles'>;

/** How far a job is. */
export interface BatchProgress {
  readonly rows: RowCounts;
  readonly chunksDone: number;
  /** Undefined until something can be told of it. */
  readonly etaSeconds: number | undefined;
}

/** How far a job is: of an ended one as its document says, else from what lies in storage. */
export async function progressOf(deps: Deps, job: BatchJob): Promise<BatchProgress> {
  const { planned, startedAt } = job;
  if (!planned || job.state !== 'running') {
    const rows = job.rows ?? { scored: 0, failed: 0 };
    return { rows, chunksDone: job.chunksDone ?? 0, etaSeconds: undefined };
  }
  const groups = groupsOf(planned.plan.chunks);
  const full = new Set(await deps.batchFiles.listGroups(job.id));
  const parts = await Promise.all(
    Array.from({ length: groups }, async (_, group) =>
      full.has(group)
        ? await deps.batchFiles.readGroup(job.id, group)
        : await deps.batchFiles.listReceipts(job.id, group),
    ),
  );
  const receipts = parts.flatMap((part) => part ?? []);
  const done = receipts.length;
  const elapsedMs = deps.clock() - (startedAt ?? job.createdAt);
  const left = planned.plan.chunks - done;
  return {
    rows: sumOf(receipts),
    chunksDone: done,
    etaSeconds: done === 0 ? undefined : Math.ceil((elapsedMs / done / 1000) * left),
  };
}
