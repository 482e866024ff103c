import type { TimerFunction } from '../functions/trigger.ts';
import { messageOf } from '../shared/errors.ts';
import type { HostOptions } from './host.ts';
import { TimerListener } from './timer-listener.ts';
import { TriggerRunner } from './trigger-runner.ts';

/** The longest that queues, blobs and timers wait for a first prediction to be answered. */
const QUIET_MS = 250;
const AGAIN_MS = 5_000;

interface Listener {
  start(): void | Promise<void>;
  stop(): Promise<void>;
  wake?(): void;
}

/**
 * What a host does beside answering HTTP: it watches queues and blobs, ticks timers, warms up. All
 * of it begins after the first prediction, or a moment after the start when none comes, or when a
 * request has left work for it: a cold start shouldn't wait for SDKs that answer nobody.
 */
export class Background {
  readonly #options: HostOptions;
  readonly #runner: TriggerRunner;
  readonly #timers: readonly TimerListener[];
  #listeners: readonly Listener[] = [];
  #begun: Promise<void> | undefined;
  #quiet: NodeJS.Timeout | undefined;
  #stopped = false;

  /** @throws Error when a timer's schedule can't be read */
  constructor(options: HostOptions) {
    this.#options = options;
    this.#runner = new TriggerRunner(options.log, () => {
      this.#wake();
    });
    this.#timers = options.functions
      .filter((definition): definition is TimerFunction => definition.kind === 'timer')
      .map((definition) => new TimerListener(definition, options.app, this.#runner));
  }

  /** From now on it begins by itself. */
  arm(): void {
    const begin = (): void => {
      this.#begin();
    };
    this.#quiet = setTimeout(begin, QUIET_MS);
    // Not before that answer is on its way.
    void this.#options.firstAnswer?.then(() => setImmediate(begin));
  }

  /** Work has been left for a queue. */
  expect(): void {
    this.#begin();
    this.#wake();
  }

  /** Begins with nothing further, and resolves when what was in flight has ended. */
  async stop(): Promise<void> {
    this.#stopped = true;
    clearTimeout(this.#quiet);
    await this.#begun;
    await Promise.all(this.#listeners.map((listener) => listener.stop()));
  }

  #begin(): void {
    clearTimeout(this.#quiet);
    if (!this.#stopped) this.#begun ??= this.#listen();
  }

  /** Tries again when the SDKs or the credentials can't be had. */
  async #listen(): Promise<void> {
    try {
      const { blobListeners, queueListeners } = await import('./listeners.ts');
      const [queues, blobs] = await Promise.all([
        queueListeners(this.#options, this.#runner),
        blobListeners(this.#options, this.#runner),
      ]);
      if (this.#stopped) return;
      this.#listeners = [...queues, ...blobs, ...this.#timers];
      for (const listener of this.#listeners) void listener.start();
      this.#warmUp();
    } catch (error) {
      this.#options.log(`error: queues, blobs and timers are not watched: ${messageOf(error)}`);
      // At once when there is a reason to, and no later than this.
      this.#begun = undefined;
      if (this.#stopped) return;
      this.#quiet = setTimeout(() => {
        this.#begin();
      }, AGAIN_MS);
    }
  }

  /** As for an instance that was added; requests are taken meanwhile. */
  #warmUp(): void {
    const { functions, app } = this.#options;
    for (const definition of functions) {
      if (definition.kind !== 'warmup') continue;
      void this.#runner.run(definition, { about: 'start' }, (context) =>
        definition.handler(app, context),
      );
    }
  }

  #wake(): void {
    for (const listener of this.#listeners) listener.wake?.();
  }
}
