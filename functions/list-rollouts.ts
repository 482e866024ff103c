import { parseModelName, parseRolloutId } from '../shared/ids.ts';
import { json } from './answer.ts';
import { continuationToken, queryContinuation, queryLimit } from './page.ts';
import { rolloutDocument } from './rollout-document.ts';
import type { HttpFunction } from './trigger.ts';

/** GET /models/{model}/rollouts: newest first. */
export const listRolloutsFunction: HttpFunction = {
  kind: 'http',
  name: 'list-rollouts',
  route: 'models/{model}/rollouts',
  methods: ['GET'],
  access: 'Scorer',
  async handler(app, request) {
    const model = parseModelName(request.params.model ?? '');
    const limit = queryLimit(request);
    const [{ rolloutsPosition }, { listRollouts }] = await Promise.all([
      import('./request-schemas.ts'),
      import('../shared/usecases/read-rollouts.ts'),
    ]);
    const token = queryContinuation(request, rolloutsPosition)?.rolloutsBefore;
    const before = token && { createdAt: token.createdAt, id: parseRolloutId(token.id) };
    const { rollouts, next } = await listRollouts(app, model, { before, limit });
    return json(200, {
      rollouts: rollouts.map((rollout) => rolloutDocument(rollout)),
      ...(next && { continuation: continuationToken({ rolloutsBefore: next }) }),
    });
  },
};
