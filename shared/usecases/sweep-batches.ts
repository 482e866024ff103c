import type { BatchJob } from '../batch/job.ts';
import { groupsOf } from '../batch/receipt.ts';
import type { BatchMessage } from '../ports/messages.ts';
import { METRICS } from '../telemetry/metric-names.ts';
import type { BatchDeps } from './batch-deps.ts';
import { failBatch } from './end-batch.ts';

type Deps = Pick<
  BatchDeps,
  'clock' | 'config' | 'batchJobs' | 'batchFiles' | 'messages' | 'telemetry'
>;

/** Jobs looked at in one sweep. */
const MAX_JOBS = 100;
/** Uncommitted blocks live for seven days. */
const MAX_JOB_MS = 6 * 86_400_000;

export interface SweptBatches {
  readonly sentAgain: number;
  readonly removed: number;
}

/**
 * Makes good what crashes and lost messages left: with nothing in the queue, the messages that a
 * job still waits for are sent again; one too many does no harm. Jobs that can't end in time are
 * failed, and those whose time is over are removed with their blobs.
 */
export async function sweepBatches(deps: Deps): Promise<SweptBatches> {
  const now = deps.clock();
  let removed = 0;
  for (const { id, request } of await deps.batchJobs.listExpired({ now, limit: MAX_JOBS })) {
    await deps.batchFiles.purge(id, request.outputPrefix);
    await deps.batchJobs.remove(id);
    removed++;
  }
  const unfinished = await deps.batchJobs.listUnfinished({ limit: MAX_JOBS });
  const overdue: BatchJob[] = [];
  for (const job of unfinished) {
    if (now - job.createdAt > MAX_JOB_MS) {
      await failBatch(deps, job, 'it had not ended after six days');
    } else if (now - (job.startedAt ?? job.createdAt) >= deps.config.sweepAfterMs)
      overdue.push(job);
  }
  let sentAgain = 0;
  // While messages wait, what a job lacks is most likely among them.
  if (overdue.length > 0 && (await deps.messages.countBatch()) === 0) {
    for (const job of overdue) {
      await deps.messages.sendBatch([await owedTo(deps, job)]);
      deps.telemetry.count(METRICS.stuck, { what: 'batch' });
      sentAgain++;
    }
  }
  return { sentAgain, removed };
}

/** The message that gets a job going again: of chunks that were scored, little is done again. */
async function owedTo(
  { batchFiles }: Deps,
  { id, planned, traceparent }: BatchJob,
): Promise<BatchMessage> {
  const owed = { id, traceparent };
  if (!planned) return { ...owed, kind: 'plan' };
  const full = new Set(await batchFiles.listGroups(id));
  for (let group = 0; group < groupsOf(planned.plan.chunks); group++) {
    if (!full.has(group)) return { ...owed, kind: 'fan', group };
  }
  return { ...owed, kind: 'finish' };
}
