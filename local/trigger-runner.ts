import { runMessage } from '../functions/message.ts';
import type { Context, TriggeredFunction } from '../functions/trigger.ts';
import { Invocation, type Log } from './invocation.ts';

/** Runs functions that nobody waits for, and says on a line how it went. */
export class TriggerRunner {
  readonly #log: Log;
  readonly #onDone: () => void;

  /** `onDone` is called after each run: it may have left work for a queue. */
  constructor(log: Log, onDone: () => void) {
    this.#log = log;
    this.#onDone = onDone;
  }

  /** `about` names the message, blob or tick. Never rejects: false is to be tried again. */
  async run(
    definition: TriggeredFunction,
    trigger: { about: string; metadata?: Readonly<Record<string, unknown>> },
    handle: (context: Context) => Promise<void>,
  ): Promise<boolean> {
    const begun = performance.now();
    const context = new Invocation(definition, this.#log, trigger.metadata);
    let done = true;
    try {
      // A handler that throws at once is one that rejects.
      await runMessage(definition, context, async () => handle(context));
    } catch {
      // The message edge has logged it.
      done = false;
    }
    // A timer that had something to do has said so itself; the other ticks are no news.
    if (definition.kind !== 'timer' || !done) {
      const ms = (performance.now() - begun).toFixed(1);
      this.#log(
        `${definition.kind} ${definition.name} ${trigger.about} ${done ? 'done' : 'failed'} ${ms} ms`,
      );
    }
    this.#onDone();
    return done;
  }
}
