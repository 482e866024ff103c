import type { App } from '../shared/compose.ts';
import { parseModelName } from '../shared/ids.ts';
import type { VersionState } from '../shared/registry/model-record.ts';
import {
  indexRepository,
  loadModel,
  type RepositoryState,
  unloadModel,
} from '../shared/usecases/model-repository.ts';
import { json } from './answer.ts';
import { parseAs, readBody } from './body.ts';
import type { Answer, HttpFunction, Request } from './trigger.ts';

// Triton's model repository extension. Load and unload are about this instance only: nothing else
// makes a version servable than the registry.

const MAX_BODY_BYTES = 1_000_000;

export const repositoryIndexFunction: HttpFunction = {
  kind: 'http',
  name: 'repository-index',
  route: 'v2/repository/index',
  methods: ['POST'],
  access: 'Scorer',
  handler: async (app, request) => {
    const text = new TextDecoder().decode(await readBody(request, MAX_BODY_BYTES));
    const { indexBody } = await import('./request-schemas.ts');
    const { ready } = parseAs(indexBody, text.trim() === '' ? {} : parseJson(text), 'body');
    const entries = await indexRepository(app);
    const shown = entries
      .map(({ model, version, state }) => ({
        name: model,
        version: String(version),
        state: STATES[state],
        reason: state === 'ready' ? '' : state,
      }))
      .filter(({ state }) => !ready || state === 'READY');
    return json(200, shown);
  },
};

export const loadFunction = onModel('repository-load', 'load', loadModel);
export const unloadFunction = onModel('repository-unload', 'unload', unloadModel);

const STATES = {
  ready: 'READY',
  pending: 'LOADING',
  validating: 'LOADING',
  rejected: 'UNAVAILABLE',
  retired: 'UNAVAILABLE',
} as const satisfies Record<VersionState, RepositoryState>;

function onModel(name: string, verb: string, act: typeof loadModel): HttpFunction {
  return {
    kind: 'http',
    name,
    route: `v2/repository/models/{model}/${verb}`,
    methods: ['POST'],
    access: 'Scorer',
    handler: async (app: App, request: Request): Promise<Answer> => {
      await readBody(request, MAX_BODY_BYTES);
      await act(app, parseModelName(request.params['model'] ?? ''));
      return { status: 200 };
    },
  };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
