import type { App } from '../shared/compose.ts';
import type { Operation } from '../shared/telemetry/operation.ts';
import { sweepBatches } from '../shared/usecases/sweep-batches.ts';
import type { Context } from './trigger.ts';

/** Makes good what crashes left undone of batch jobs, and removes those whose time is over. */
export async function sweepBatchJobs(
  app: App,
  context: Context,
  operation: Operation,
): Promise<void> {
  const { sentAgain, removed } = await sweepBatches(app);
  if (sentAgain + removed > 0) operation.note({ found: sentAgain + removed });
  if (sentAgain > 0) context.warn(`${sentAgain} batch jobs stood still: sent on again`);
  if (removed > 0) context.log(`${removed} batch jobs whose time was over removed`);
}
