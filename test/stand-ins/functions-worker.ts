import Module from 'node:module';
import { pathToFileURL } from 'node:url';
import { FunctionsCore, type HttpCall, type RpcValue } from './functions-core.ts';

// A Functions worker as a child process: `node functions-worker.mjs DIST/main.mjs`, spoken to over
// IPC (advanced serialization), one reply a request.

export type WorkerRequest =
  | { readonly do: 'list' }
  | { readonly do: 'http'; readonly name: string; readonly call: HttpCall }
  | { readonly do: 'invoke'; readonly name: string; readonly data: RpcValue }
  | { readonly do: 'logs' }
  | { readonly do: 'terminate' };

const core = new FunctionsCore();

// As the real worker does it: the module exists for `require` alone.
const prototype = Module.prototype as { require: (this: unknown, id: string) => unknown };
const original = prototype.require;
prototype.require = function (id) {
  return id === '@azure/functions-core' ? core.api : original.call(this, id);
};

async function answer(request: WorkerRequest): Promise<unknown> {
  switch (request.do) {
    case 'list':
      return [...core.functions.values()].map(({ metadata }) => metadata);
    case 'http':
      return await core.invokeHttp(request.name, request.call);
    case 'invoke':
      return await core.invoke(request.name, request.data);
    case 'logs':
      return core.logs;
    case 'terminate': {
      await core.terminate();
      return;
    }
  }
}

process.on('message', (message: { id: number; request: WorkerRequest }) => {
  answer(message.request).then(
    (value) => process.send?.({ id: message.id, value }),
    (error: unknown) =>
      process.send?.({
        id: message.id,
        error: error instanceof Error ? (error.stack ?? error.message) : String(error),
      }),
  );
});

const main = process.argv[2];
if (!main) throw new Error('expected the path of the app’s main module');
await import(pathToFileURL(main).href);
const proxied = await core.start();
process.send?.({ id: 0, value: { node: process.version, proxied } });
