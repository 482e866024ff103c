import type { App } from '../shared/compose.ts';
import { ServingError } from '../shared/errors.ts';
import { type ModelName, parseModelName, type Version } from '../shared/ids.ts';
import { awaitDecision } from '../shared/usecases/await-decision.ts';
import { type Registration, registerModel } from '../shared/usecases/register-model.ts';
import type { Registered, VersionView } from '../shared/usecases/version-lifecycle.ts';
import { json } from './answer.ts';
import { preferredWait } from './prefer.ts';
import { problemAnswer } from './problem.ts';
import type { Report } from './report.ts';
import type { Answer, HttpFunction, Request } from './trigger.ts';
import { versionDocument } from './version-document.ts';
import { wholeReport } from './whole-report.ts';

/** POST /models/{model}/versions: a model file becomes a version, once examined. */
export const registerModelFunction: HttpFunction = {
  kind: 'http',
  name: 'register-model',
  route: 'models/{model}/versions',
  methods: ['POST'],
  access: 'Publisher',
  async handler(app, request, _context, { caller, operation }) {
    const model = parseModelName(request.params.model ?? '');
    const wait = preferredWait(request.headers.get('prefer'));
    const registered = await receive(app, request, {
      model,
      who: caller.name,
      traceparent: operation.traceparent(),
    });
    const { version } = registered.entry;
    operation.note({ version });
    const view = await awaitDecision(app, { model, version }, (wait ?? 0) * 1_000);
    if (!view) throw goneMeanwhile(model, version);
    const report = await wholeReport(app, view);
    return answer(request, view, {
      registered,
      report,
      headers: {
        location: `/models/${model}/versions/${version}`,
        ...(wait !== undefined && { 'preference-applied': `wait=${wait}` }),
      },
    });
  },
};

async function receive(
  app: App,
  request: Request,
  known: Pick<Registration, 'model' | 'who' | 'traceparent'>,
): Promise<Registered> {
  // What reads forms and checks cards is more than all that answers predictions.
  const { readRegistration } = await import('./registration-body.ts');
  const { discard, ...received } = await readRegistration(app, request);
  try {
    const registration: Registration = { ...known, ...received };
    return await registerModel(app, registration);
  } finally {
    await discard();
  }
}

function answer(
  request: Request,
  view: VersionView,
  {
    registered,
    report,
    headers,
  }: {
    registered: Registered;
    report: Report | undefined;
    headers: Record<string, string>;
  },
): Answer {
  const document = versionDocument(view, report);
  switch (view.entry.state) {
    case 'rejected': {
      const problem = problemAnswer(
        request,
        {
          kind: 'rejected',
          detail: `model ${view.model} version ${view.entry.version} was rejected: ${document.reason ?? ''}`,
          report,
        },
        { ...document },
      );
      return { ...problem, headers: { ...problem.headers, ...headers } };
    }
    case 'pending':
    case 'validating':
      return json(202, document, headers);
    // Retired: somebody did so between the decision and this answer.
    case 'ready':
    case 'retired':
      return json(registered.entry.state === 'ready' ? 200 : 201, document, headers);
  }
}

function goneMeanwhile(model: ModelName, version: Version): ServingError {
  return new ServingError({
    kind: 'notFound',
    detail: `model ${model} was deleted while its version ${version} was being registered`,
  });
}
