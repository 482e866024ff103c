import type { BatchId, BatchJob } from '../batch/job.ts';
import type { BatchDeps } from './batch-deps.ts';
import { type BatchProgress, progressOf } from './batch-progress.ts';
import { requireBatch } from './end-batch.ts';

export interface BatchView {
  readonly job: BatchJob;
  readonly progress: BatchProgress;
}

/** A job and how far it is, which is the sum of its receipts. @throws ServingError `notFound` */
export async function readBatch(
  deps: Pick<BatchDeps, 'clock' | 'batchJobs' | 'batchFiles'>,
  id: BatchId,
): Promise<BatchView> {
  const { value: job } = await requireBatch(deps, id);
  return { job, progress: await progressOf(deps, job) };
}
