import { ServingError } from '../shared/errors.ts';
import { parseModelName, quoted } from '../shared/ids.ts';
import { deleteModel } from '../shared/usecases/delete-model.ts';
import { preconditionOf } from './model-document.ts';
import type { HttpFunction, Request } from './trigger.ts';

/** DELETE /models/{model}: the model and its artifacts; its version numbers stay used. */
export const deleteModelFunction: HttpFunction = {
  kind: 'http',
  name: 'delete-model',
  route: 'models/{model}',
  methods: ['DELETE'],
  access: 'Operator',
  async handler(app, request, _context, { caller }) {
    await deleteModel(app, {
      model: parseModelName(request.params.model ?? ''),
      force: isForced(request),
      allows: preconditionOf(request),
      who: caller.name,
    });
    return { status: 204 };
  },
};

function isForced(request: Pick<Request, 'query'>): boolean {
  const force = request.query.get('force') ?? 'false';
  if (force === 'true' || force === 'false') return force === 'true';
  throw new ServingError({
    kind: 'malformed',
    detail: `force: expected true or false, got ${quoted(force)}`,
  });
}
