import { parseModelName } from '../shared/ids.ts';
import { readJson } from './body.ts';
import { idempotencyKeyOf } from './idempotency-key.ts';
import { preconditionOf } from './model-document.ts';
import { rolloutAnswer } from './rollout-document.ts';
import type { HttpFunction } from './trigger.ts';

const MAX_BYTES = 10_000;

/** POST /models/{model}/rollouts: another version takes production, step by step. */
export const startRolloutFunction: HttpFunction = {
  kind: 'http',
  name: 'start-rollout',
  route: 'models/{model}/rollouts',
  methods: ['POST'],
  access: 'Operator',
  async handler(app, request, _context, { caller, operation }) {
    const model = parseModelName(request.params.model ?? '');
    const allows = preconditionOf(request);
    const given = idempotencyKeyOf(request);
    const [{ rolloutBody: schema }, { startRollout }, { claimOf }] = await Promise.all([
      import('./request-schemas.ts'),
      import('../shared/usecases/start-rollout.ts'),
      import('../shared/usecases/idempotency.ts'),
    ]);
    const wanted = await readJson(request, { schema, what: 'rollout', maxBytes: MAX_BYTES });
    const who = caller.name;
    const path = `POST /models/${model}/rollouts`;
    const started = await startRollout(app, {
      model,
      wanted,
      allows,
      who,
      traceparent: operation.traceparent(),
      ...(given !== undefined && { claim: claimOf(given, { who, path, body: wanted }) }),
    });
    operation.note({ rollout: started.rollout.id });
    const location = `/models/${model}/rollouts/${started.rollout.id}`;
    return rolloutAnswer(started, { status: 201, headers: { location } });
  },
};
