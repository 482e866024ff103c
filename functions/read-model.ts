import { parseModelName } from '../shared/ids.ts';
import { readModel } from '../shared/usecases/read-model.ts';
import { modelAnswer } from './model-document.ts';
import type { HttpFunction } from './trigger.ts';

/** GET /models/{model}: what is routed and named, and every version in short. */
export const readModelFunction: HttpFunction = {
  kind: 'http',
  name: 'read-model',
  route: 'models/{model}',
  methods: ['GET'],
  access: 'Scorer',
  async handler(app, request) {
    return modelAnswer(await readModel(app, parseModelName(request.params.model ?? '')));
  },
};
