import { type ModelName, parseModelName } from '../shared/ids.ts';
import { listModels } from '../shared/usecases/list-models.ts';
import { json } from './answer.ts';
import { modelDocument } from './model-document.ts';
import { continuationToken, queryContinuation, queryLimit } from './page.ts';
import type { HttpFunction } from './trigger.ts';

/** GET /models: the models, by name. */
export const listModelsFunction: HttpFunction = {
  kind: 'http',
  name: 'list-models',
  route: 'models',
  methods: ['GET'],
  access: 'Scorer',
  async handler(app, request) {
    const limit = queryLimit(request);
    const { modelsPosition } = await import('./request-schemas.ts');
    const token = queryContinuation(request, modelsPosition);
    const after: ModelName | undefined = token && parseModelName(token.modelsAfter);
    const { models, next } = await listModels(app, { limit, ...(after && { after }) });
    return json(200, {
      models: models.map(modelDocument),
      ...(next !== undefined && { continuation: continuationToken({ modelsAfter: next }) }),
    });
  },
};
