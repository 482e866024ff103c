import type { Cron } from 'croner';
import type { TimerFunction } from '../functions/trigger.ts';
import type { App } from '../shared/compose.ts';
import type { TriggerRunner } from './trigger-runner.ts';

/** Runs a function by its schedule, in UTC as on Azure; a tick while it still runs is left out. */
export class TimerListener {
  readonly #definition: TimerFunction;
  readonly #schedule: string;
  readonly #app: App;
  readonly #runner: TriggerRunner;
  #cron: Cron | undefined;
  #running: Promise<unknown> | undefined;
  #stopped = false;

  /** @throws Error when the schedule is not one of six fields */
  constructor(definition: TimerFunction, app: App, runner: TriggerRunner) {
    this.#definition = definition;
    this.#app = app;
    this.#runner = runner;
    this.#schedule = definition.localSchedule ?? definition.schedule;
    const fields = this.#schedule.trim().split(/\s+/);
    if (fields.length !== 6) {
      throw new Error(
        `timer ${definition.name}: expected a schedule of six fields (seconds first), got ${JSON.stringify(this.#schedule)}`,
      );
    }
  }

  async start(): Promise<void> {
    // Parses a schedule only now: nobody who waits for a first answer should wait for it.
    const { Cron } = await import('croner');
    if (this.#stopped) return;
    // NCRONTAB wants day of month AND day of week where cron wants either.
    this.#cron = new Cron(this.#schedule, { timezone: 'UTC', domAndDow: true }, () => {
      this.#tick();
    });
  }

  /** Resolves when a run in flight has ended. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#cron?.stop();
    await this.#running;
  }

  #tick(): void {
    if (this.#running) return;
    const run = this.#runner.run(this.#definition, { about: 'tick' }, (context) =>
      this.#definition.handler(this.#app, context),
    );
    this.#running = run.finally(() => {
      this.#running = undefined;
    });
  }
}
