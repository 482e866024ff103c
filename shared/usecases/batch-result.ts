import type { BatchJob, BatchSource } from '../batch/job.ts';
import { hasEnded } from '../batch/job.ts';
import { ServingError } from '../errors.ts';
import type { BatchResult, ResultRef } from '../ports/batches.ts';
import type { BatchDeps } from './batch-deps.ts';
import { requireBatch } from './end-batch.ts';

/** Names a job's result. */
export function resultRef({ id, request }: BatchJob, result: BatchResult): ResultRef {
  return { id, prefix: request.outputPrefix, result, format: request.format };
}

/** A result that can be read. */
export interface FoundResult {
  readonly source: BatchSource;
  readonly job: BatchJob;
}

/** Where a completed job's result lies. @throws ServingError `notFound`, `conflict` before that */
export async function findResult(
  deps: Pick<BatchDeps, 'batchJobs' | 'batchFiles'>,
  id: BatchJob['id'],
  result: BatchResult,
): Promise<FoundResult> {
  const { value: job } = await requireBatch(deps, id);
  if (job.state !== 'completed') {
    const why = hasEnded(job) && job.reason !== undefined ? `: ${job.reason}` : '';
    throw new ServingError({
      kind: 'conflict',
      detail: `batch ${id} is ${job.state}${why}; only a completed one has ${result}`,
    });
  }
  const source = await deps.batchFiles.result(resultRef(job, result));
  if (!source) {
    throw new ServingError({
      kind: 'notFound',
      detail: `batch ${id}: its ${result} has been removed from storage`,
    });
  }
  return { source, job };
}
