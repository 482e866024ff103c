import { type BatchId, type BatchJob, CONTENT_TYPES, type PlannedBatch } from '../batch/job.ts';
import { blockName, blocksOf, type ChunkReceipt, groupsOf, sumOf } from '../batch/receipt.ts';
import { ServingError } from '../errors.ts';
import type { BatchDeps } from './batch-deps.ts';
import { errorLines } from './batch-errors.ts';
import { resultRef } from './batch-result.ts';
import { endBatch, thresholdReason } from './end-batch.ts';

type Deps = Pick<BatchDeps, 'clock' | 'config' | 'batchJobs' | 'batchFiles' | 'telemetry'>;

/** The header's block: no chunk has this number. */
const HEADER_CHUNK = 99_999;
const HEADER_ATTEMPT = '00000000';

/**
 * Puts the receipts' blocks together, in order, and completes the job. Run twice, the second finds
 * what the first made. @throws ServingError `unavailable`, `notReady` while a group is missing
 */
export async function finishBatch(deps: Deps, id: BatchId): Promise<void> {
  const job = (await deps.batchJobs.read(id))?.value;
  if (job?.state !== 'running' || !job.planned) return;
  const receipts = await receiptsOf(deps, job, job.planned);
  const rows = sumOf(receipts);
  const counts = { rows, chunksDone: receipts.length };
  const reason = thresholdReason(job, rows.failed);
  if (reason !== undefined) {
    await endBatch(deps, id, { state: 'failed', reason, ...counts });
    return;
  }
  const blocks = receipts.flatMap(blocksOf);
  const output = resultRef(job, 'output');
  const contentType = CONTENT_TYPES[job.request.format];
  const { outputHeader } = job.planned;
  if (outputHeader && blocks.length > 0) {
    const header = blockName(HEADER_CHUNK, HEADER_ATTEMPT, 0);
    await deps.batchFiles.stage(output, header, Buffer.from(outputHeader));
    blocks.unshift(header);
  }
  await deps.batchFiles.commit(output, blocks, contentType);
  await deps.batchFiles.writeResult(
    resultRef(job, 'errors'),
    errorLines(deps.batchFiles, job, receipts),
    contentType,
  );
  await endBatch(deps, id, { state: 'completed', ...counts });
}

async function receiptsOf(
  { batchFiles }: Deps,
  { id }: BatchJob,
  { plan }: PlannedBatch,
): Promise<ChunkReceipt[]> {
  const all: ChunkReceipt[] = [];
  for (let group = 0; group < groupsOf(plan.chunks); group++) {
    const receipts = await batchFiles.readGroup(id, group);
    if (!receipts) {
      throw new ServingError({
        kind: 'notReady',
        detail: `batch ${id}: group ${group} is not complete`,
        retryAfterSeconds: 5,
      });
    }
    all.push(...receipts);
  }
  return all;
}
