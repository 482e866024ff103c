import { parseModelName, parseVersion } from '../shared/ids.ts';
import { retireVersion } from '../shared/usecases/retire-version.ts';
import type { HttpFunction } from './trigger.ts';

/** DELETE /models/{model}/versions/{version}: retires it, for good. */
export const retireVersionFunction: HttpFunction = {
  kind: 'http',
  name: 'retire-version',
  route: 'models/{model}/versions/{version}',
  methods: ['DELETE'],
  access: 'Operator',
  async handler(app, request, _context, { caller }) {
    await retireVersion(app, {
      model: parseModelName(request.params.model ?? ''),
      version: parseVersion(request.params.version ?? ''),
      who: caller.name,
    });
    return { status: 204 };
  },
};
