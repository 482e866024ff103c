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
