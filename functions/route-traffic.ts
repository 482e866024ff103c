import * as z from 'zod';
import { parseModelName } from '../shared/ids.ts';
import { routeTraffic } from '../shared/usecases/route-traffic.ts';
import { readJson } from './body.ts';
import { callerOf } from './caller.ts';
import { modelAnswer, preconditionOf } from './model-document.ts';
import type { HttpFunction } from './trigger.ts';
import { versionInBody } from './version-in-body.ts';

const MAX_BYTES = 10_000;
const share = z
  .strictObject({ version: versionInBody, percent: z.number() })
  .nullish()
  .transform((value) => value ?? undefined);
// A member that nobody knows is a mistake which would route otherwise than was meant.
const schema = z.strictObject({ production: versionInBody, candidate: share, shadow: share });

/** PUT /models/{model}/routing: where its traffic goes, replaced as a whole. */
export const routeTrafficFunction: HttpFunction = {
  kind: 'http',
  name: 'route-traffic',
  route: 'models/{model}/routing',
  methods: ['PUT'],
  access: 'function',
  async handler(app, request) {
    const model = parseModelName(request.params.model ?? '');
    const allows = preconditionOf(request);
    const wanted = await readJson(request, { schema, what: 'routing', maxBytes: MAX_BYTES });
    const { production, candidate, shadow } = wanted;
    const routing = { production, ...(candidate && { candidate }), ...(shadow && { shadow }) };
    const who = callerOf(request);
    return modelAnswer(await routeTraffic(app, { model, routing, allows, who }));
  },
};
