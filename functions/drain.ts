import { ServingError } from '../shared/errors.ts';

/** Work that has ended has its answer still to be sent. */
const LAST_ANSWERS_MS = 500;

/** Counts what runs, so that a process can be ended without taking much down with it. */
export class Drain {
  #running = 0;
  #reason: string | undefined;
  #idle: (() => void) | undefined;

  /**
   * Once `begin` was called, `refuse` is run instead of `work`.
   * @throws ServingError `unavailable` then, unless `refuse` does otherwise; and whatever `work` throws
   */
  async run<T>(
    work: () => Promise<T>,
    refuse: (refusal: ServingError) => Promise<T> = (refusal) => Promise.reject(refusal),
  ): Promise<T> {
    if (this.#reason !== undefined) {
      const detail = `this instance is about to be replaced: ${this.#reason}`;
      return await refuse(new ServingError({ kind: 'unavailable', detail, retryAfterSeconds: 2 }));
    }
    this.#running += 1;
    try {
      return await work();
    } finally {
      this.#running -= 1;
      if (this.#running === 0) this.#idle?.();
    }
  }

  /** From now on nothing new runs; resolves when what runs has ended, or after `graceMs`. */
  async begin(reason: string, graceMs: number): Promise<void> {
    this.#reason ??= reason;
    if (this.#running === 0) return;
    let timer: NodeJS.Timeout | undefined;
    await new Promise<void>((resolve) => {
      this.#idle = resolve;
      timer = setTimeout(resolve, graceMs);
    });
    clearTimeout(timer);
  }
}

/**
 * Looks at `ailments` every so often; the first time that there are some, drains, lets the
 * last answers go out and calls `end`. Answers how to stop looking.
 */
export function endWhenAiling(watched: {
  readonly ailments: () => readonly string[];
  readonly drain: Drain;
  readonly everyMs: number;
  readonly graceMs: number;
  readonly end: (reason: string) => void;
}): () => void {
  const timer = setInterval(() => {
    const reason = watched.ailments().join('; ');
    if (reason === '') return;
    clearInterval(timer);
    void watched.drain.begin(reason, watched.graceMs).then(() => {
      setTimeout(() => {
        watched.end(reason);
      }, LAST_ANSWERS_MS);
    });
  }, watched.everyMs);
  timer.unref();
  return () => {
    clearInterval(timer);
  };
}
