import type { TimerFunction } from './trigger.ts';

/** Makes good what crashes left undone of batch jobs, and removes those whose time is over. */
export const sweepBatchesFunction: TimerFunction = {
  kind: 'timer',
  name: 'sweep-batches',
  schedule: '15,45 * * * * *',
  async handler(app, context) {
    const { sweepBatches } = await import('../shared/usecases/sweep-batches.ts');
    const { sentAgain, removed } = await sweepBatches(app);
    if (sentAgain > 0) context.warn(`${sentAgain} batch jobs stood still: sent on again`);
    if (removed > 0) context.log(`${removed} batch jobs whose time was over removed`);
  },
};
