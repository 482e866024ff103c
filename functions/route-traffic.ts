import { parseModelName } from '../shared/ids.ts';
import { readJson } from './body.ts';
import { modelAnswer, preconditionOf } from './model-document.ts';
import type { HttpFunction } from './trigger.ts';

const MAX_BYTES = 10_000;

/** PUT /models/{model}/routing: where its traffic goes, replaced as a whole. */
export const routeTrafficFunction: HttpFunction = {
  kind: 'http',
  name: 'route-traffic',
  route: 'models/{model}/routing',
  methods: ['PUT'],
  access: 'Operator',
  async handler(app, request, _context, { caller }) {
    const model = parseModelName(request.params.model ?? '');
    const allows = preconditionOf(request);
    const [{ routingBody: schema }, { routeTraffic }] = await Promise.all([
      import('./request-schemas.ts'),
      import('../shared/usecases/route-traffic.ts'),
    ]);
    const wanted = await readJson(request, { schema, what: 'routing', maxBytes: MAX_BYTES });
    const { production, candidate, shadow, allowBreaking } = wanted;
    const routing = { production, ...(candidate && { candidate }), ...(shadow && { shadow }) };
    const who = caller.name;
    return modelAnswer(await routeTraffic(app, { model, routing, allowBreaking, allows, who }));
  },
};
