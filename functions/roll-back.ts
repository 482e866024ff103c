import { parseModelName } from '../shared/ids.ts';
import { idempotencyKeyOf } from './idempotency-key.ts';
import { modelAnswer, preconditionOf } from './model-document.ts';
import { readWhy } from './read-why.ts';
import type { HttpFunction } from './trigger.ts';

/** POST /models/{model}/rollback: back to the production before. */
export const rollBackFunction: HttpFunction = {
  kind: 'http',
  name: 'roll-back',
  route: 'models/{model}/rollback',
  methods: ['POST'],
  access: 'Operator',
  async handler(app, request, _context, { caller }) {
    const model = parseModelName(request.params.model ?? '');
    const allows = preconditionOf(request);
    const given = idempotencyKeyOf(request);
    const why = await readWhy(request);
    const who = caller.name;
    const [{ rollBack }, { claimOf }] = await Promise.all([
      import('../shared/usecases/roll-back.ts'),
      import('../shared/usecases/idempotency.ts'),
    ]);
    const path = `POST /models/${model}/rollback`;
    const claim = given === undefined ? undefined : claimOf(given, { who, path, body: { why } });
    return modelAnswer(await rollBack(app, { model, why, allows, who, ...(claim && { claim }) }));
  },
};
