import type { BlobFunction, FunctionDefinition, QueueFunction } from '../functions/trigger.ts';
import { blobService, queueService } from '../shared/adapters/azure/clients.ts';
import type { App } from '../shared/compose.ts';
import { BlobListener } from './blob-listener.ts';
import { BlobReceipts } from './blob-receipts.ts';
import type { HostSettings } from './host-json.ts';
import { HttpListener } from './http-listener.ts';
import type { Log } from './invocation.ts';
import { QueueListener } from './queue-listener.ts';
import { TimerListener } from './timer-listener.ts';
import { TriggerRunner } from './trigger-runner.ts';

interface HostOptions {
  readonly functions: readonly FunctionDefinition[];
  /** Its `config.storage` is where queues and blobs are watched. */
  readonly app: App;
  readonly settings: HostSettings;
  /** 0: any free one. */
  readonly port: number;
  readonly hostname?: string;
  /** How long a message or blob is one handler's alone; renewed as long as it runs. */
  readonly lockMs: number;
  /** Hears a line a request and a line a trigger. */
  readonly log: Log;
}

/** A table of functions being served. */
export interface Host {
  readonly port: number;
  /**
   * Takes nothing new and lets what is in flight end, at most `withinMs`; false when some of it has
   * not. What was left of messages comes again when their lock ends.
   */
  stop(withinMs: number): Promise<boolean>;
}

/** Serves a table of functions as the Functions host does. Rejects when the port can't be had. */
export async function startHost(options: HostOptions): Promise<Host> {
  const { functions, app, settings, log } = options;
  let queueListeners: QueueListener[] = [];
  const wake = () => {
    for (const listener of queueListeners) listener.wake();
  };
  const runner = new TriggerRunner(log, wake);
  const http = new HttpListener({
    functions: functions.filter((definition) => definition.kind === 'http'),
    app,
    routePrefix: settings.routePrefix,
    log,
    onAccepted: wake,
  });
  const timers = functions
    .filter((definition) => definition.kind === 'timer')
    .map((definition) => new TimerListener(definition, app, runner));
  const port = await http.listen(options.port, options.hostname ?? '127.0.0.1');
  queueListeners = await queuesOf(options, runner);
  const listeners = [...queueListeners, ...(await blobsOf(options, runner)), ...timers];
  for (const listener of listeners) listener.start();
  warmUp(options, runner);

  return {
    port,
    async stop(withinMs) {
      let timer: NodeJS.Timeout | undefined;
      const late = new Promise<false>((done) => {
        timer = setTimeout(done, withinMs, false);
      });
      const ended = Promise.all([http.stop(), ...listeners.map((listener) => listener.stop())]);
      const inTime = await Promise.race([ended.then(() => true), late]);
      clearTimeout(timer);
      http.cut();
      return inTime;
    },
  };
}

/** As for an instance that was added; requests are taken meanwhile. */
function warmUp({ functions, app }: HostOptions, runner: TriggerRunner): void {
  for (const definition of functions) {
    if (definition.kind !== 'warmup') continue;
    void runner.run(definition, { about: 'start' }, (context) => definition.handler(app, context));
  }
}

async function queuesOf(
  { functions, app, settings, lockMs, log }: HostOptions,
  runner: TriggerRunner,
): Promise<QueueListener[]> {
  const definitions = functions.filter((found): found is QueueFunction => found.kind === 'queue');
  if (definitions.length === 0) return [];
  const service = await queueService(app.config.storage);
  const { queues } = settings;
  return definitions.map(
    (definition) => new QueueListener({ definition, app, service, queues, lockMs, runner, log }),
  );
}

async function blobsOf(
  { functions, app, settings, lockMs, log }: HostOptions,
  runner: TriggerRunner,
): Promise<BlobListener[]> {
  const definitions = functions.filter((found): found is BlobFunction => found.kind === 'blob');
  if (definitions.length === 0) return [];
  const { storage } = app.config;
  const [blobs, queues] = await Promise.all([blobService(storage), queueService(storage)]);
  const receipts = new BlobReceipts(blobs, lockMs);
  const retryMs = settings.queues.visibilityTimeoutMs;
  return definitions.map(
    (definition) =>
      new BlobListener({ definition, app, blobs, queues, receipts, lockMs, retryMs, runner, log }),
  );
}
