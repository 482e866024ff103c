import { sweepUnfinished } from '../shared/usecases/sweep-unfinished.ts';
import type { TimerFunction } from './trigger.ts';

/** Makes good what crashes left undone. */
export const sweepFunction: TimerFunction = {
  kind: 'timer',
  name: 'sweep-unfinished',
  schedule: '*/30 * * * * *',
  async handler(app, context) {
    const { sentAgain, purged } = await sweepUnfinished(app);
    if (sentAgain > 0) context.warn(`${sentAgain} registrations had waited too long: sent again`);
    if (purged > 0) context.log(`artifacts of ${purged} deleted models removed`);
  },
};

/** The same for batch jobs. */
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
