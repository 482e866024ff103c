import type * as azureFunctions from '@azure/functions';
import type { HttpResponse, InvocationContext } from '@azure/functions';
import { ResourceFactoryResolver } from '@azure/functions-extensions-base';
import type { App } from '../shared/compose.ts';
import { blobReference, namedBlob } from './blob-reference.ts';
import { answerHttp, guarded } from './http.ts';
import { runMessage } from './message.ts';
import { bugAnswer } from './problem.ts';
import { stackOf } from './stack.ts';
import type { Answer, FunctionDefinition, HttpFunction, Request } from './trigger.ts';
import { unerring } from './unerring-stream.ts';

type Azure = typeof azureFunctions;

/** The app setting (or prefix of settings) by which the host reaches the storage account. */
const STORAGE = 'PILOTLIGHT_STORAGE';
/** What the host calls blobs in deferred binding data. */
const BLOB_SOURCE = 'AzureStorageBlobs';

/**
 * Registers every function of the table with Azure Functions; to be called while the app's `main`
 * loads, and only then. `app` is asked for at each invocation.
 */
export function registerFunctions(
  azure: Azure,
  table: readonly FunctionDefinition[],
  app: () => Promise<App>,
): void {
  const resolver = ResourceFactoryResolver.getInstance();
  if (!resolver.hasResourceFactory(BLOB_SOURCE)) {
    resolver.registerResourceFactory(BLOB_SOURCE, namedBlob);
  }
  for (const definition of table) register(azure, definition, app);
}

function register(azure: Azure, definition: FunctionDefinition, app: () => Promise<App>): void {
  const { name } = definition;
  switch (definition.kind) {
    case 'http':
      azure.app.http(name, {
        route: definition.route,
        methods: [...definition.methods],
        authLevel: definition.access === 'anonymous' ? 'anonymous' : 'function',
        handler: httpHandler(azure, definition, app),
      });
      break;
    case 'queue':
      azure.app.storageQueue(name, {
        queueName: definition.queue,
        connection: STORAGE,
        handler: (message: unknown, context: InvocationContext) =>
          runMessage(definition, context, async () =>
            definition.handler(await app(), message, context),
          ),
      });
      break;
    case 'blob':
      azure.app.storageBlob(name, {
        path: definition.path,
        connection: STORAGE,
        source: 'EventGrid', // the only one that Flex Consumption has
        sdkBinding: true, // else the whole blob comes as a buffer
        handler: (blob: unknown, context: InvocationContext) =>
          runMessage(definition, context, async () =>
            definition.handler(await app(), blobReference(blob, context.triggerMetadata), context),
          ),
      });
      break;
    case 'timer':
      azure.app.timer(name, {
        schedule: definition.schedule,
        handler: (_timer: unknown, context: InvocationContext) =>
          runMessage(definition, context, async () => definition.handler(await app(), context)),
      });
      break;
  }
}

function httpHandler(azure: Azure, definition: HttpFunction, app: () => Promise<App>) {
  const declared = routeParameters(definition.route);
  return async (azureRequest: Request, context: InvocationContext): Promise<HttpResponse> => {
    const request = narrowed(azureRequest, declared);
    const answer = await guarded(request, context, async () =>
      answerHttp(definition, await app(), request, context),
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
function narrowed(request: Request, declared: readonly string[]): Request {
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
    arrayBuffer: () => request.arrayBuffer(),
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
