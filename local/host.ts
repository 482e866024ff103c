import type { FunctionDefinition } from '../functions/trigger.ts';
import type { App } from '../shared/compose.ts';
import { Background } from './background.ts';
import type { HostSettings } from './host-json.ts';
import { HttpListener } from './http-listener.ts';
import type { Log } from './invocation.ts';
import type { SignIn } from './sign-in.ts';

export interface HostOptions {
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
  /** Resolves when a prediction has been answered; what is not needed for that waits for it a while. */
  readonly firstAnswer?: Promise<void>;
  /** Says who callers are; absent: nobody does. */
  readonly signIn?: SignIn | undefined;
  /** No lines about requests. */
  readonly quiet?: boolean;
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
  const background = new Background(options);
  const http = new HttpListener({
    functions: functions.filter((definition) => definition.kind === 'http'),
    app,
    routePrefix: settings.routePrefix,
    signIn: options.signIn,
    log,
    quiet: options.quiet ?? false,
    onAccepted: () => {
      background.expect();
    },
  });
  const port = await http.listen(options.port, options.hostname ?? '127.0.0.1');
  background.arm();

  return {
    port,
    async stop(withinMs) {
      let timer: NodeJS.Timeout | undefined;
      const late = new Promise<false>((done) => {
        timer = setTimeout(done, withinMs, false);
      });
      // A request in flight may be waiting for what was left in a queue for it.
      const ended = http.stop().then(() => background.stop());
      const inTime = await Promise.race([ended.then(() => true), late]);
      clearTimeout(timer);
      http.cut();
      if (!inTime) void background.stop();
      return inTime;
    },
  };
}
