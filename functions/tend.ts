import type { App } from '../shared/compose.ts';
import { ServingError } from '../shared/errors.ts';
import type { Operation } from '../shared/telemetry/operation.ts';
import { runMessage } from './message.ts';
import { tellTask } from './told.ts';
import type { Context, TimerFunction } from './trigger.ts';

/** Something that has to be done again and again, whoever asks. */
export interface Task {
  readonly name: string;
  /** The least time from one run's begin to the next one's. */
  readonly everyMs: number;
  readonly run: (app: App, context: Context, operation: Operation) => Promise<void>;
}

/** Each one's module is loaded with its first run: a tick delays no first prediction. */
const TASKS: readonly Task[] = [
  {
    name: 'judge-rollouts',
    everyMs: 5_000,
    run: async (...given) => (await import('./judge-rollouts.ts')).judgeAllRollouts(...given),
  },
  {
    name: 'sweep-drops',
    everyMs: 10_000,
    run: async (...given) => (await import('./sweep-drops.ts')).sweepDroppedModels(...given),
  },
  {
    name: 'sweep-registrations',
    everyMs: 30_000,
    run: async (...given) =>
      (await import('./sweep-registrations.ts')).sweepRegistrations(...given),
  },
  {
    name: 'sweep-batches',
    everyMs: 30_000,
    run: async (...given) => (await import('./sweep-batches.ts')).sweepBatchJobs(...given),
  },
];

/** Of a task's time: a tick may come a little early. */
const EARLY = 0.1;
const RETRY_AFTER_SECONDS = 60;

/**
 * All that goes by the clock, in one function: on Azure each timer of an idle app is an instance of
 * its own, and each tick is billed as a second of it at least.
 */
export const tendFunction: TimerFunction = {
  kind: 'timer',
  name: 'tend',
  schedule: '0 * * * * *',
  localSchedule: '*/5 * * * * *',
  handler: tending(TASKS),
};

/**
 * One tick: the tasks whose time has come, side by side. While one takes long the others are run
 * again at their times, as the next tick waits for this one's end: a rollout that does harm waits
 * for no sweep. Each failure is told of as the task's own, and fails the tick once all have ended.
 */
export function tending(tasks: readonly Task[]): TimerFunction['handler'] {
  const begun = new WeakMap<App, Map<Task, number>>();

  return async (app, context) => {
    const last = begun.get(app) ?? new Map<Task, number>();
    begun.set(app, last);
    const failed = new Set<string>();
    const dueIn = ({ everyMs }: Task, since: number | undefined) =>
      since === undefined ? 0 : since + everyMs - performance.now();
    const run = async (task: Task) => {
      last.set(task, performance.now());
      try {
        await runMessage(task, context, () =>
          tellTask(task, app, context, (operation) => task.run(app, context, operation)),
        );
      } catch {
        // The message edge has told of it.
        failed.add(task.name);
      }
    };

    const due = tasks.filter((task) => dueIn(task, last.get(task)) <= EARLY * task.everyMs);
    const unended = new Set(due);
    const end = new AbortController();
    const keepOn = async (task: Task) => {
      await run(task);
      unended.delete(task);
      if (unended.size === 0) end.abort();
      while (await waited(dueIn(task, last.get(task)), end.signal)) await run(task);
    };
    await Promise.all(due.map(keepOn));
    if (failed.size > 0) {
      const detail = `of this tick failed: ${[...failed].join(', ')}`;
      throw new ServingError({
        kind: 'unavailable',
        detail,
        retryAfterSeconds: RETRY_AFTER_SECONDS,
      });
    }
  };
}

/** False as soon as `end` is aborted, else true after the time. */
function waited(ms: number, end: AbortSignal): Promise<boolean> {
  if (end.aborted) return Promise.resolve(false);
  return new Promise((resolve) => {
    const over = () => {
      clearTimeout(timer);
      resolve(false);
    };
    const timer = setTimeout(() => {
      end.removeEventListener('abort', over);
      resolve(true);
    }, ms);
    end.addEventListener('abort', over, { once: true });
  });
}
