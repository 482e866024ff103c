import { parseAliasName, parseModelName } from '../shared/ids.ts';
import { removeAlias } from '../shared/usecases/name-version.ts';
import { callerOf } from './caller.ts';
import { modelAnswer, preconditionOf } from './model-document.ts';
import type { HttpFunction } from './trigger.ts';

/** DELETE /models/{model}/aliases/{alias} */
export const removeAliasFunction: HttpFunction = {
  kind: 'http',
  name: 'remove-alias',
  route: 'models/{model}/aliases/{alias}',
  methods: ['DELETE'],
  access: 'function',
  async handler(app, request) {
    const record = await removeAlias(app, {
      model: parseModelName(request.params.model ?? ''),
      alias: parseAliasName(request.params.alias ?? ''),
      allows: preconditionOf(request),
      who: callerOf(request),
    });
    return modelAnswer(record);
  },
};
