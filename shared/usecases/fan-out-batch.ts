import type { BatchId } from '../batch/job.ts';
import { chunksOfGroup, groupsOf } from '../batch/receipt.ts';
import type { BatchMessage } from '../ports/messages.ts';
import type { BatchDeps } from './batch-deps.ts';

/**
 * Sends the messages of one group's chunks, and then the message that sends the next group's: a
 * crash between the two only sends some twice.
 */
export async function fanOut(
  { batchJobs, messages }: Pick<BatchDeps, 'batchJobs' | 'messages'>,
  id: BatchId,
  group: number,
): Promise<void> {
  const job = (await batchJobs.read(id))?.value;
  if (job?.state !== 'running' || !job.planned) return;
  const { traceparent } = job;
  const { chunks } = job.planned.plan;
  if (group >= groupsOf(chunks)) return;
  const { first, end } = chunksOfGroup(group, chunks);
  await messages.sendBatch(
    Array.from(
      { length: end - first },
      (_, at): BatchMessage => ({
        kind: 'chunk',
        id,
        chunk: first + at,
        traceparent,
      }),
    ),
  );
  if (group + 1 < groupsOf(chunks))
    await messages.sendBatch([{ kind: 'fan', id, group: group + 1, traceparent }]);
}
