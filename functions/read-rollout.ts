import { parseModelName, parseRolloutId } from '../shared/ids.ts';
import { etagOf } from '../shared/registry/etag.ts';
import { isActive } from '../shared/rollout/rollout.ts';
import { json } from './answer.ts';
import { rolloutDocument } from './rollout-document.ts';
import type { HttpFunction } from './trigger.ts';

/**
 * GET /models/{model}/rollouts/{id}: a rollout, whether it runs or is long over; of one that runs,
 * what its figures say now.
 */
export const readRolloutFunction: HttpFunction = {
  kind: 'http',
  name: 'read-rollout',
  route: 'models/{model}/rollouts/{id}',
  methods: ['GET'],
  access: 'function',
  async handler(app, request) {
    const model = parseModelName(request.params.model ?? '');
    const id = parseRolloutId(request.params.id ?? '');
    const { readRollout } = await import('../shared/usecases/read-rollouts.ts');
    const { record, rollout } = await readRollout(app, model, id);
    const { judgeNow } = await import('../shared/usecases/judge-rollouts.ts');
    const judgement = isActive(rollout) ? await judgeNow(app, rollout) : undefined;
    return json(200, rolloutDocument(rollout, judgement), { etag: etagOf(record) });
  },
};
