import type { App } from '../shared/compose.ts';
import { messageOf } from '../shared/errors.ts';
import type { Operation } from '../shared/telemetry/operation.ts';
import { judgeRollouts } from '../shared/usecases/judge-rollouts.ts';
import type { Context } from './trigger.ts';

/** Looks at every rollout that is under way, and advances it or takes it back. */
export async function judgeAllRollouts(
  app: App,
  context: Context,
  operation: Operation,
): Promise<void> {
  const { changed, failures } = await judgeRollouts(app);
  if (changed.length > 0) operation.note({ found: changed.length });
  for (const { model, rollout, state, judgement } of changed) {
    const line = `rollout ${rollout} of model ${model}: ${state === 'running' ? 'advanced' : state}: ${judgement.why}`;
    if (state === 'rolledBack') context.warn(line);
    else context.log(line);
  }
  for (const { model, error } of failures) {
    context.warn(`rollout of model ${model} could not be judged: ${messageOf(error)}`);
  }
  // The others were judged: that one of them failed is the task's failure all the same.
  const [first] = failures;
  if (first) throw first.error;
}
