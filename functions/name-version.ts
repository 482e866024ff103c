import { parseAliasName, parseModelName } from '../shared/ids.ts';
import { nameVersion } from '../shared/usecases/name-version.ts';
import { readJson } from './body.ts';
import { modelAnswer, preconditionOf } from './model-document.ts';
import type { HttpFunction } from './trigger.ts';

const MAX_BYTES = 1_000;

/** PUT /models/{model}/aliases/{alias}: `{version}`, the ready version that it names from now on. */
export const nameVersionFunction: HttpFunction = {
  kind: 'http',
  name: 'name-version',
  route: 'models/{model}/aliases/{alias}',
  methods: ['PUT'],
  access: 'Operator',
  async handler(app, request, _context, { caller }) {
    const model = parseModelName(request.params.model ?? '');
    const alias = parseAliasName(request.params.alias ?? '');
    const allows = preconditionOf(request);
    const { aliasBody: schema } = await import('./request-schemas.ts');
    const { version } = await readJson(request, { schema, what: 'alias', maxBytes: MAX_BYTES });
    const who = caller.name;
    return modelAnswer(await nameVersion(app, { model, alias, version, allows, who }));
  },
};
