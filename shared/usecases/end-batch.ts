import { unknownBatch } from '../batch/batch-id.ts';
import { type BatchId, type BatchJob, hasEnded } from '../batch/job.ts';
import { ServingError } from '../errors.ts';
import type { Stored } from '../ports/clock.ts';
import { METRICS } from '../telemetry/metric-names.ts';
import type { BatchDeps } from './batch-deps.ts';
import { progressOf } from './batch-progress.ts';

type Deps = Pick<BatchDeps, 'clock' | 'batchJobs' | 'telemetry'>;

/** How a job ends, and what is known then. */
export type BatchEnd = Pick<BatchJob, 'rows' | 'chunksDone'> &
  (
    | { readonly state: 'completed' }
    | { readonly state: 'cancelled' | 'failed'; readonly reason: string }
  );

/** A job. @throws ServingError `notFound` */
export async function requireBatch(
  { batchJobs }: Pick<BatchDeps, 'batchJobs'>,
  id: BatchId,
): Promise<Stored<BatchJob>> {
  const stored = await batchJobs.read(id);
  if (!stored) throw unknownBatch(id);
  return stored;
}

/**
 * Ends a job unless it has ended: whoever is first, the others obey. Answers the job as it is then.
 * @throws ServingError `notFound`
 */
export async function endBatch(deps: Deps, id: BatchId, end: BatchEnd): Promise<BatchJob> {
  for (;;) {
    const { value, etag } = await requireBatch(deps, id);
    if (hasEnded(value)) return value;
    const ended: BatchJob = { ...value, ...end, finishedAt: deps.clock() };
    const written = await deps.batchJobs.replace(ended, etag);
    if (written) {
      const { model } = value.request;
      deps.telemetry.count(METRICS.batches, { model, outcome: end.state });
      return written.value;
    }
  }
}

/** Fails a job with what was done until now. */
export async function failBatch(
  deps: Deps & Pick<BatchDeps, 'batchFiles'>,
  job: BatchJob,
  reason: string,
): Promise<void> {
  const { rows, chunksDone } = await progressOf(deps, job);
  await endBatch(deps, job.id, { state: 'failed', reason, rows, chunksDone });
}

/** Why more failed rows than the caller allows end a job; undefined while they don't. */
export function thresholdReason({ request }: BatchJob, failed: number): string | undefined {
  const { errorThreshold } = request;
  if (errorThreshold === undefined || failed <= errorThreshold) return undefined;
  return `${failed} failed ${failed === 1 ? 'row' : 'rows'}, more than errorThreshold ${errorThreshold}`;
}

/** Ends a job at its caller's wish. @throws ServingError `notFound`, `conflict` when it has ended */
export async function cancelBatch(
  deps: Deps & Pick<BatchDeps, 'batchFiles'>,
  id: BatchId,
  who: string,
): Promise<BatchJob> {
  const { value } = await requireBatch(deps, id);
  if (hasEnded(value)) throw endedBefore(value);
  const { rows, chunksDone } = await progressOf(deps, value);
  const ended = await endBatch(deps, id, {
    state: 'cancelled',
    reason: `cancelled by ${who}`,
    rows,
    chunksDone,
  });
  if (ended.state !== 'cancelled') throw endedBefore(ended);
  return ended;
}

function endedBefore({ id, state }: BatchJob): ServingError {
  return new ServingError({ kind: 'conflict', detail: `batch ${id} has ended: it is ${state}` });
}
