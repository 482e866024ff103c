import type { App } from '../shared/compose.ts';
import { ServingError } from '../shared/errors.ts';
import { parseModelName, parseRolloutId } from '../shared/ids.ts';
import { etagOf } from '../shared/registry/etag.ts';
import { type ActiveRollout, isActive, type Judgement } from '../shared/rollout/rollout.ts';
import { json } from './answer.ts';
import { rolloutDocument } from './rollout-document.ts';
import type { HttpFunction } from './trigger.ts';

/**
 * GET /models/{model}/rollouts/{id}: a rollout, whether it runs or is long over; of one that runs,
 * what its figures say now, or what they said when it advanced last, while they can't be read.
 */
export const readRolloutFunction: HttpFunction = {
  kind: 'http',
  name: 'read-rollout',
  route: 'models/{model}/rollouts/{id}',
  methods: ['GET'],
  access: 'Scorer',
  async handler(app, request) {
    const model = parseModelName(request.params.model ?? '');
    const id = parseRolloutId(request.params.id ?? '');
    const { readRollout } = await import('../shared/usecases/read-rollouts.ts');
    const { record, rollout } = await readRollout(app, model, id);
    const judgement = isActive(rollout) ? await currentJudgement(app, rollout) : undefined;
    return json(200, rolloutDocument(rollout, judgement), { etag: etagOf(record) });
  },
};

/** Undefined while the counters can't be read: where a rollout stands, the registry knows. */
async function currentJudgement(app: App, rollout: ActiveRollout): Promise<Judgement | undefined> {
  const { judgeNow } = await import('../shared/usecases/judge-rollouts.ts');
  try {
    return await judgeNow(app, rollout);
  } catch (error) {
    if (error instanceof ServingError && error.failure.kind === 'unavailable') return undefined;
    throw error;
  }
}
