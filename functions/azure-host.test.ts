import * as azure from '@azure/functions';
import { describe, expect, jest, test } from '@jest/globals';
import type { App } from '../shared/compose.ts';
import { ServingError } from '../shared/errors.ts';
import { FunctionsCore } from '../test/stand-ins/functions-core.ts';
import { untold } from '../test/untold.ts';
import { registerFunctions } from './azure-host.ts';
import { routeParameters } from './azure-http.ts';
import { Drain } from './drain.ts';
import type { FunctionDefinition, HttpFunction } from './trigger.ts';

// One module for the whole file, as in a worker; each test puts its own core behind it.
const mockCore: { current: FunctionsCore | undefined } = { current: undefined };
jest.mock(
  '@azure/functions-core',
  () => new Proxy({}, { get: (_, name: string) => mockCore.current?.api[name as 'version'] }),
  { virtual: true },
);

const app = {
  telemetry: untold,
  config: { access: 'open', httpStreaming: true, maxBodyBytes: 1000 },
} as App;
const seen: unknown[] = [];
const see = (...values: unknown[]) => {
  seen.push(values);
  return Promise.resolve();
};

const http = (name: string, handler: HttpFunction['handler']): HttpFunction => ({
  kind: 'http',
  name,
  route: 'things/{thing}/{part?}',
  methods: ['GET', 'PUT'],
  access: 'Scorer',
  handler,
});

const table: FunctionDefinition[] = [
  http('echo', async (_app, request) => ({
    status: 201,
    headers: {
      'content-type': 'application/octet-stream',
      'x-query': request.query.get('q') ?? '',
    },
    body: await request.bytes(),
  })),
  http('params', (_app, request) =>
    Promise.resolve({ status: 200, body: `${JSON.stringify(request.params)} ü` }),
  ),
  http('empty', () => Promise.resolve({ status: 204 })),
  http('bug', () => Promise.reject(new Error('inside'))),
  http('nothing', () => Promise.resolve(undefined as never)),
  http('broken-stream', () => {
    const body = new ReadableStream<Uint8Array>({
      start: (controller) => {
        controller.enqueue(Uint8Array.of(1, 2));
      },
      pull: () => {
        throw new Error('disk');
      },
    });
    return Promise.resolve({ status: 200, body });
  }),
  {
    kind: 'http',
    name: 'open',
    route: 'open',
    methods: ['GET'],
    access: 'anonymous',
    handler: () => Promise.resolve({ status: 200 }),
  },
  {
    kind: 'queue',
    name: 'queue',
    queue: 'registrations',
    handler: (_app, message, context) => see(message, context.triggerMetadata),
  },
  {
    kind: 'queue',
    name: 'down',
    queue: 'down',
    handler: () =>
      Promise.reject(
        new ServingError({ kind: 'unavailable', detail: 'down', retryAfterSeconds: 1 }),
      ),
  },
  { kind: 'blob', name: 'blob', path: 'incoming/{name}', handler: (_app, blob) => see(blob) },
  {
    kind: 'timer',
    name: 'timer',
    schedule: '*/30 * * * * *',
    localSchedule: '* * * * * *',
    handler: () => see('tick'),
  },
  { kind: 'warmup', name: 'warmup', handler: () => see('warm') },
];

function register(
  getApp = () => Promise.resolve(app),
  { drain = new Drain(), byKey = true } = {},
): FunctionsCore {
  const core = new FunctionsCore();
  mockCore.current = core;
  azure.app.setup({ enableHttpStream: false });
  // The library hands its model over once; later cores get it from the first registration on.
  core.api.setProgrammingModel(model as never);
  registerFunctions(azure, table, { app: getApp, byKey, drain });
  return core;
}

// Caught from the library itself: `app.http` sets it before its first registration.
const first = new FunctionsCore();
let model: unknown;
first.api.setProgrammingModel = (given) => {
  model = given;
};
mockCore.current = first;
azure.app.timer('first', { schedule: '0 0 0 1 1 *', handler: () => undefined });

const bindings = (core: FunctionsCore, name: string) =>
  Object.values(core.functions.get(name)?.metadata.bindings ?? {});

describe('what the host learns of', () => {
  const core = register();

  test('every function of the table', () => {
    expect([...core.functions.keys()]).toEqual(table.map(({ name }) => name));
  });

  test('HTTP: route, methods, and a key unless the table says anonymous', () => {
    const [trigger, output] = bindings(core, 'echo');
    expect(trigger).toMatchObject({
      type: 'httpTrigger',
      route: 'things/{thing}/{part?}',
      methods: ['GET', 'PUT'],
      authLevel: 'function',
    });
    expect(output).toMatchObject({ type: 'http', direction: 'out' });
    expect(bindings(core, 'open')[0]).toMatchObject({ authLevel: 'anonymous' });
  });

  test('no keys where the app looks at who asks', () => {
    const keyless = register(undefined, { byKey: false });
    for (const name of ['echo', 'open']) {
      expect(bindings(keyless, name)[0]).toMatchObject({ authLevel: 'anonymous' });
    }
  });

  test('queue, blob, timer and warm-up', () => {
    expect(bindings(core, 'queue')).toMatchObject([
      { type: 'queueTrigger', queueName: 'registrations', connection: 'PILOTLIGHT_STORAGE' },
    ]);
    expect(bindings(core, 'blob')).toMatchObject([
      {
        type: 'blobTrigger',
        path: 'incoming/{name}',
        connection: 'PILOTLIGHT_STORAGE',
        source: 'EventGrid',
        properties: { supportsDeferredBinding: 'true' },
      },
    ]);
    expect(bindings(core, 'timer')).toMatchObject([
      { type: 'timerTrigger', schedule: '*/30 * * * * *' },
    ]);
    expect(bindings(core, 'warmup')).toMatchObject([{ type: 'warmupTrigger' }]);
  });
});

const text = (body: Uint8Array) => Buffer.from(body).toString();

describe('HTTP', () => {
  const call = (name: string, extra: object = {}) =>
    register().invokeHttp(name, { method: 'PUT', url: 'http://h/things/a?q=1&part=x', ...extra });

  test('bytes go both ways, with their length', async () => {
    const body = Uint8Array.of(0, 255, 128);
    const answer = await call('echo', { body, headers: { 'content-length': '3' } });
    expect(answer.status).toBe(201);
    expect(answer.headers).toMatchObject({ 'content-length': '3', 'x-query': '1' });
    expect([...answer.body]).toEqual([...body]);
  });

  test('only declared parameters reach the handler; a text’s length is counted in bytes', async () => {
    const answer = await call('params', { params: { thing: 'a', q: '1', toString: 'x' } });
    expect(text(answer.body)).toBe('{"thing":"a"} ü');
    expect(answer.headers['content-length']).toBe('16');
  });

  test('204 has neither body nor length', async () => {
    const answer = await call('empty');
    expect(answer.status).toBe(204);
    expect(answer.headers).not.toHaveProperty('content-length');
  });

  test.each(['bug', 'nothing'])('%s: 500, the stack in the log alone', async (name) => {
    const core = register();
    const answer = await core.invokeHttp(name, { method: 'GET', url: 'http://h/things/a' });
    expect(answer.status).toBe(500);
    const problem = JSON.parse(text(answer.body)) as { instance: string; error: string };
    expect(text(answer.body)).not.toContain('inside');
    expect(core.logs.join('\n')).toContain(problem.instance);
  });

  test('a stream that fails ends early instead of hanging the caller', async () => {
    const core = register();
    const answer = await core.invokeHttp('broken-stream', {
      method: 'GET',
      url: 'http://h/things/a',
    });
    expect([...answer.body]).toEqual([1, 2]);
    expect(core.logs.join('\n')).toContain('disk');
  });

  test('an app that can’t be composed is a problem, and may be composed the next time', async () => {
    let tries = 0;
    const core = register(() =>
      ++tries === 1
        ? Promise.reject(
            new ServingError({ kind: 'unavailable', detail: 'not set up', retryAfterSeconds: 9 }),
          )
        : Promise.resolve(app),
    );
    const get = { method: 'GET', url: 'http://h/open' };
    const refused = await core.invokeHttp('open', get);
    expect(refused.status).toBe(503);
    expect(refused.headers['retry-after']).toBe('9');
    expect((await core.invokeHttp('open', get)).status).toBe(200);
  });
});

describe('messages', () => {
  const handled = async (name: string, data: object, metadata: Record<string, object> = {}) => {
    seen.length = 0;
    await register().invoke(name, data as never, metadata as never);
    return seen;
  };

  test('a queue’s message comes parsed, with its metadata', async () => {
    const metadata = { DequeueCount: { string: '3' } };
    expect(await handled('queue', { string: '{"model":"a"}' }, metadata)).toEqual([
      [{ model: 'a' }, { dequeueCount: 3 }],
    ]);
    expect(await handled('queue', { string: 'plain' })).toEqual([['plain', {}]]);
  });

  test('a blob comes by reference, deferred or not', async () => {
    const named = { ContainerName: 'incoming', BlobName: 'a/model.onnx', Connection: 'X' };
    const deferred = {
      modelBindingData: {
        source: 'AzureStorageBlobs',
        contentType: 'application/json',
        content: Buffer.from(JSON.stringify(named)),
      },
    };
    const metadata = {
      BlobTrigger: { string: 'incoming/a/model.onnx' },
      Properties: { json: JSON.stringify({ ETag: '"0x1"', ContentLength: 3 }) },
    };
    const reference = { container: 'incoming', name: 'a/model.onnx', etag: '"0x1"' };
    expect(await handled('blob', deferred, metadata)).toEqual([[reference]]);
    expect(await handled('blob', { bytes: Buffer.from('abc') }, metadata)).toEqual([[reference]]);
  });

  test('an instance is warmed up', async () => {
    expect(await handled('warmup', { json: '{}' })).toEqual([['warm']]);
  });

  test('a timer ticks', async () => {
    expect(await handled('timer', { json: '{"IsPastDue":false}' })).toEqual([['tick']]);
  });

  test('what may pass is thrown to the host; so is an app that can’t be composed', async () => {
    await expect(register().invoke('down', { string: 'x' })).rejects.toThrow('down');
    const uncomposed = register(() =>
      Promise.reject(
        new ServingError({ kind: 'unavailable', detail: 'not set up', retryAfterSeconds: 9 }),
      ),
    );
    await expect(uncomposed.invoke('queue', { string: 'x' })).rejects.toThrow('not set up');
  });
});

test('while the process drains, all but health is put off', async () => {
  const drain = new Drain();
  const core = register(undefined, { drain });
  await drain.begin('worn out', 0);
  const get = { method: 'GET', url: 'http://h/x' };
  expect((await core.invokeHttp('params', get)).status).toBe(503);
  expect((await core.invokeHttp('open', get)).status).toBe(200);
  await expect(core.invoke('queue', { string: 'x' })).rejects.toThrow('worn out');
  await expect(core.invoke('timer', { json: '{}' })).rejects.toThrow('worn out');
});

test('a route’s parameters', () => {
  expect(routeParameters('v2/models/{model}/versions/{version:int?}/{*rest}')).toEqual([
    'model',
    'version',
    'rest',
  ]);
  expect(routeParameters('{**all}')).toEqual(['all']);
  expect(routeParameters('models')).toEqual([]);
});
