import { parseModelName, type Version } from '../shared/ids.ts';
import { listVersions } from '../shared/usecases/list-versions.ts';
import { json } from './answer.ts';
import { continuationToken, queryContinuation, queryLimit } from './page.ts';
import type { HttpFunction } from './trigger.ts';
import { versionDocument } from './version-document.ts';

/** GET /models/{model}/versions: its versions, newest first. */
export const listVersionsFunction: HttpFunction = {
  kind: 'http',
  name: 'list-versions',
  route: 'models/{model}/versions',
  methods: ['GET'],
  access: 'Scorer',
  async handler(app, request) {
    const model = parseModelName(request.params.model ?? '');
    const limit = queryLimit(request);
    const { versionsPosition } = await import('./request-schemas.ts');
    const token = queryContinuation(request, versionsPosition);
    const { versions, next } = await listVersions(app, model, {
      limit,
      ...(token && { below: token.versionsBelow as Version }),
    });
    return json(200, {
      versions: versions.map((view) => versionDocument(view)),
      ...(next !== undefined && { continuation: continuationToken({ versionsBelow: next }) }),
    });
  },
};
