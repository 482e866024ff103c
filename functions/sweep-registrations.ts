import type { App } from '../shared/compose.ts';
import type { Operation } from '../shared/telemetry/operation.ts';
import { sweepUnfinished } from '../shared/usecases/sweep-unfinished.ts';
import type { Context } from './trigger.ts';

/** Makes good what crashes left undone of registrations and deletions. */
export async function sweepRegistrations(
  app: App,
  context: Context,
  operation: Operation,
): Promise<void> {
  const { sentAgain, purged } = await sweepUnfinished(app);
  if (sentAgain + purged > 0) operation.note({ found: sentAgain + purged });
  if (sentAgain > 0) context.warn(`${sentAgain} registrations had waited too long: sent again`);
  if (purged > 0) context.log(`artifacts of ${purged} deleted models removed`);
}
