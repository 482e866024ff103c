import type * as azureFunctions from '@azure/functions';
import type { InvocationContext } from '@azure/functions';
import { ResourceFactoryResolver } from '@azure/functions-extensions-base';
import type { App } from '../shared/compose.ts';
import type { Operation } from '../shared/telemetry/operation.ts';
import { httpHandler } from './azure-http.ts';
import { blobReference, namedBlob } from './blob-reference.ts';
import type { Drain } from './drain.ts';
import { runMessage } from './message.ts';
import { tellMessage } from './told.ts';
import type { FunctionDefinition, TriggeredFunction } from './trigger.ts';

/** The app setting (or prefix of settings) by which the host reaches the storage account. */
const STORAGE = 'PILOTLIGHT_STORAGE';
/** What the host calls blobs in deferred binding data. */
const BLOB_SOURCE = 'AzureStorageBlobs';

/** What serves the functions. */
export interface Serving {
  /** Asked for at each invocation. */
  readonly app: () => Promise<App>;
  /** Whether the host lets in only who has a key for the function. */
  readonly byKey: boolean;
  /** Every invocation runs under it, but those of anonymous functions: health tells to the last. */
  readonly drain: Drain;
}

/**
 * Registers every function of the table with Azure Functions; to be called while the app's `main`
 * loads, and only then.
 */
export function registerFunctions(
  azure: typeof azureFunctions,
  table: readonly FunctionDefinition[],
  serving: Serving,
): void {
  const resolver = ResourceFactoryResolver.getInstance();
  if (!resolver.hasResourceFactory(BLOB_SOURCE)) {
    resolver.registerResourceFactory(BLOB_SOURCE, namedBlob);
  }
  for (const definition of table) {
    if (definition.kind === 'http') {
      azure.app.http(definition.name, {
        route: definition.route,
        methods: [...definition.methods],
        authLevel: serving.byKey && definition.access !== 'anonymous' ? 'function' : 'anonymous',
        handler: httpHandler(azure, definition, serving),
      });
    } else {
      registerMessages(azure, definition, serving);
    }
  }
}

function registerMessages(
  azure: typeof azureFunctions,
  definition: TriggeredFunction,
  { app, drain }: Serving,
): void {
  const { name } = definition;
  const run = (context: InvocationContext, handle: (app: App) => Promise<void>) =>
    runMessage(definition, context, () => drain.run(async () => handle(await app())));
  const tell = (
    context: InvocationContext,
    handle: (app: App, operation: Operation) => Promise<void>,
  ) =>
    run(context, (served) =>
      tellMessage(definition, served, context, (operation) => handle(served, operation)),
    );
  switch (definition.kind) {
    case 'queue':
      azure.app.storageQueue(name, {
        queueName: definition.queue,
        connection: STORAGE,
        handler: (message: unknown, context: InvocationContext) =>
          tell(context, (app, operation) => definition.handler(app, message, context, operation)),
      });
      break;
    case 'blob':
      azure.app.storageBlob(name, {
        path: definition.path,
        connection: STORAGE,
        source: 'EventGrid', // the only one that Flex Consumption has
        sdkBinding: true, // else the whole blob comes as a buffer
        handler: (blob: unknown, context: InvocationContext) =>
          tell(context, (app, operation) => {
            const reference = blobReference(blob, context.triggerMetadata);
            return definition.handler(app, reference, context, operation);
          }),
      });
      break;
    case 'timer':
      azure.app.timer(name, {
        schedule: definition.schedule,
        handler: (_timer: unknown, context: InvocationContext) =>
          run(context, (app) => definition.handler(app, context)),
      });
      break;
    case 'warmup':
      azure.app.warmup(name, {
        handler: (_instance: unknown, context: InvocationContext) =>
          run(context, (app) => definition.handler(app, context)),
      });
      break;
  }
}
