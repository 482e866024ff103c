import type { BatchId } from '../batch/job.ts';
import type { BatchDeps } from './batch-deps.ts';
import { progressOf } from './batch-progress.ts';
import type { BatchView } from './read-batch.ts';

/** Jobs, newest first, at most `limit`; `next` is there when more may follow. */
export async function listBatches(
  deps: Pick<BatchDeps, 'clock' | 'batchJobs' | 'batchFiles'>,
  page: { readonly before?: BatchId; readonly limit: number },
): Promise<{ batches: BatchView[]; next?: BatchId }> {
  const jobs = await deps.batchJobs.list({ ...page, now: deps.clock() });
  const batches = await Promise.all(
    jobs.map(async (job) => ({ job, progress: await progressOf(deps, job) })),
  );
  const last = jobs.at(-1);
  return { batches, ...(last && jobs.length === page.limit && { next: last.id }) };
}
