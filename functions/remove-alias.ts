import { parseAliasName, parseModelName } from '../shared/ids.ts';
import { removeAlias } from '../shared/usecases/name-version.ts';
import { modelAnswer, preconditionOf } from './model-document.ts';
import type { HttpFunction } from './trigger.ts';

/** DELETE /models/{model}/aliases/{alias} */
export const removeAliasFunction: HttpFunction = {
  kind: 'http',
  name: 'remove-alias',
  route: 'models/{model}/aliases/{alias}',
  methods: ['DELETE'],
  access: 'Operator',
  async handler(app, request, _context, { caller }) {
    const record = await removeAlias(app, {
      model: parseModelName(request.params.model ?? ''),
      alias: parseAliasName(request.params.alias ?? ''),
      allows: preconditionOf(request),
      who: caller.name,
    });
    return modelAnswer(record);
  },
};
