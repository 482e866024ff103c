import * as azure from '@azure/functions';
import type { App } from '../shared/compose.ts';
import { ServingError } from '../shared/errors.ts';
import { startAhead } from '../shared/start-ahead.ts';
import { registerFunctions } from './azure-host.ts';
import { Drain, endWhenAiling } from './drain.ts';
import { functions } from './index.ts';
import { lazily } from './lazy.ts';
import { stackOf } from './stack.ts';

// What Azure Functions loads. A throw here takes down every function of the app, and functions and
// hooks count only when they are registered while this loads; so nothing but that happens here.

const app = lazily(composeApp);
const drain = new Drain();
let stopWatching: () => void = () => undefined;
const httpStreaming = enableHttpStreaming();
// Whatever the setting may hold: keys, unless it is sure that the app itself looks at who asks.
const byKey = !['open', 'roles'].includes(process.env.PILOTLIGHT_ACCESS ?? '');
registerFunctions(azure, functions, { app: () => app.get(), byKey, drain });

azure.app.hook.appTerminate(async () => {
  try {
    const composed = await app.peek();
    // Not sooner: an app in the making begins to be watched when it is made.
    stopWatching();
    await composed?.close();
  } catch (error) {
    process.stderr.write(`error: closing failed: ${stackOf(error)}\n`);
  }
});

// Unheard, it would end the process and all that is in flight.
process.on('unhandledRejection', (error) => {
  process.stderr.write(`error: unhandled rejection: ${stackOf(error)}\n`);
});

/** Proxied HTTP unless a setting turns it off or the host is too old for it; whether it is on. */
function enableHttpStreaming(): boolean {
  const wanted = process.env.PILOTLIGHT_HTTP_STREAMING !== 'false';
  try {
    azure.app.setup({ enableHttpStream: wanted });
    return wanted;
  } catch (error) {
    process.stderr.write(`error: HTTP streaming stays off: ${stackOf(error)}\n`);
    return false;
  }
}

/**
 * Reads the settings and composes, at the first invocation: the settings are complete only then.
 * @throws ServingError `unavailable`; its cause names the wrong setting
 */
async function composeApp(): Promise<App> {
  // Before that a process may stand ready for long, with nobody to wait for it.
  const began = performance.now();
  try {
    // Chunks lie beside this file, wherever this code ends up: it is the top of dist.
    const dist = new URL('.', import.meta.url);
    const [{ parseConfig }, { compose }] = await startAhead(dist, () =>
      Promise.all([import('../shared/config.ts'), import('../shared/compose.ts')]),
    );
    const config = parseConfig(process.env);
    if ((config.access === 'keys') !== byKey) {
      throw new Error(
        `PILOTLIGHT_ACCESS: held ${config.access}, but ${byKey ? 'keys' : 'another value'} when the functions were registered; start the app anew`,
      );
    }
    const composed = compose({ ...config, httpStreaming }, { dist, began });
    stopWatching = endWhenAiling({
      ailments: () => composed.engine.ailments(),
      drain,
      everyMs: 1_000,
      graceMs: config.requestTimeoutMs,
      end: (reason) => {
        void composed.tellLast().then(() => {
          endProcess(reason);
        });
      },
    });
    return composed;
  } catch (cause) {
    throw new ServingError(
      {
        kind: 'unavailable',
        detail:
          'the app cannot start as it is set up; its log says why, under the id in "instance"',
        retryAfterSeconds: 10,
      },
      { cause },
    );
  }
}

/**
 * The host starts another process. By a signal, since `exit` aborts while a model runs, and the
 * host never replaces a process that ended with 0.
 */
function endProcess(reason: string): void {
  process.stderr.write(`error: this process ends itself: ${reason}\n`);
  process.kill(process.pid, 'SIGKILL');
}
