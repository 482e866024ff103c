import type * as azureFunctions from '@azure/functions';
import type { HttpResponse, InvocationContext } from '@azure/functions';
import type { ServingError } from '../shared/errors.ts';
import type { Serving } from './azure-host.ts';
import { answerHttp, guarded } from './http.ts';
import { bugAnswer } from './problem.ts';
import { stackOf } from './stack.ts';
import type { Answer, HttpFunction, Request } from './trigger.ts';
import { unerring } from './unerring-stream.ts';

type Azure = typeof azureFunctions;
type AzureRequest = Omit<Request, 'bytes'> & { arrayBuffer(): Promise<ArrayBuffer> };

/**
 * The function as `@azure/functions` calls it. It always answers: on a host that proxies HTTP a
 * throw, nothing, or a response that can't be sent leaves the caller hanging.
 */
export function httpHandler(azure: Azure, definition: HttpFunction, { app, drain }: Serving) {
  const declared = routeParameters(definition.route);
  return async (azureRequest: AzureRequest, context: InvocationContext): Promise<HttpResponse> => {
    const request = narrowed(azureRequest, declared);
    const run = async (does = definition) => answerHttp(does, await app(), request, context);
    // Who is put off counts as any other.
    const refuse = (refusal: ServingError) =>
      run({ ...definition, handler: () => Promise.reject(refusal) });
    const answer = await guarded(request, context, () =>
      definition.access === 'anonymous' ? run() : drain.run(run, refuse),
    );
    try {
      return responseOf(azure, answer, context);
    } catch (error) {
      const bug = bugAnswer(request);
      context.error(`${bug.instance}: ${stackOf(error)}`);
      return responseOf(azure, bug, context);
    }
  };
}

/** The request without what the host leaks into `params`: the query, and any body member. */
function narrowed(request: AzureRequest, declared: readonly string[]): Request {
  const params: Record<string, string> = {};
  for (const name of declared) {
    const value = request.params[name];
    if (value !== undefined) params[name] = value;
  }
  return {
    method: request.method,
    url: request.url,
    headers: request.headers,
    query: request.query,
    params,
    get body() {
      return request.body;
    },
    bytes: async () => new Uint8Array(await request.arrayBuffer()),
  };
}

/** `a/{name}/b/{id:int?}/{*rest}` declares name, id and rest. */
export function routeParameters(route: string): string[] {
  return [...route.matchAll(/\{\**([A-Za-z_][A-Za-z0-9_]*)/g)].map((found) => found[1] ?? '');
}

function responseOf(azure: Azure, answer: Answer, context: InvocationContext): HttpResponse {
  const { status, body } = answer;
  const headers: Record<string, string> = { ...answer.headers };
  if (body === undefined) return new azure.HttpResponse({ status, headers });
  if (body instanceof ReadableStream) {
    const stream = unerring(body, (error) => {
      context.error(`body stream ended early: ${stackOf(error)}`);
    });
    return new azure.HttpResponse({ status, headers, body: stream });
  }
  headers['content-length'] = String(
    typeof body === 'string' ? Buffer.byteLength(body) : body.byteLength,
  );
  return new azure.HttpResponse({ status, headers, body });
}
