import type { App } from '../shared/compose.ts';
import type { Operation } from '../shared/telemetry/operation.ts';
import { settleDrops } from '../shared/usecases/settle-drops.ts';
import { sweepDrops } from '../shared/usecases/sweep-drops.ts';
import { parseCardText } from './card.ts';
import { dropText } from './drop-text.ts';
import type { Context } from './trigger.ts';
import { withReports } from './with-reports.ts';

/** Takes dropped models whose event never came, and brings those to an end that wait for theirs. */
export async function sweepDroppedModels(
  app: App,
  context: Context,
  operation: Operation,
): Promise<void> {
  const deps = { ...withReports(app), traceparent: operation.traceparent() };
  const swept = await sweepDrops(deps, parseCardText);
  for (const path of swept.taken) context.warn(`incoming/${path}: its event never came; taken now`);
  const settled = await settleDrops(deps);
  for (const { path, status } of settled.ended) context.log(dropText(path, status));
  const found = swept.taken.length + settled.ended.length;
  if (found > 0) operation.note({ found });
  const [first, ...others] = [...swept.failures, ...settled.failures];
  if (first !== undefined) {
    throw new Error(`a dropped model could not be dealt with, and ${others.length} others`, {
      cause: first,
    });
  }
}
