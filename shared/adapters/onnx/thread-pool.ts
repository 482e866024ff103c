import { ModelThread } from './thread.ts';

/** Wait this long before a thread that died is replaced: one that dies at its start must not spin. */
const RESPAWN_MS = 250;

interface PoolOptions {
  readonly workerFile: URL;
  readonly threads: number;
  /** A thread has died by itself. */
  readonly died: (thread: ModelThread, error: Error) => void;
  /** A thread stands in the place of one that died. */
  readonly replaced: () => void;
}

/** The threads that run models: one at first, all of them once they are wanted, each replaced when it dies. */
export class ThreadPool implements Iterable<ModelThread> {
  readonly #options: PoolOptions;
  readonly #threads = new Set<ModelThread>();
  /** Threads that were started, not counting those in the place of others. */
  #spawned = 0;
  #ended = false;

  constructor(options: PoolOptions) {
    this.#options = options;
    this.grow(1);
  }

  [Symbol.iterator](): Iterator<ModelThread> {
    return this.#threads.values();
  }

  /** Starts threads until there are this many; without a number, all. */
  grow(threads = this.#options.threads): void {
    if (this.#ended) return;
    for (; this.#spawned < threads; this.#spawned++) this.#spawn();
  }

  /** The longest time a thread has worked on one thing, in ms. */
  longestBusyMs(): number {
    const now = performance.now();
    let longest = 0;
    for (const { busySince } of this.#threads) {
      if (busySince !== undefined) longest = Math.max(longest, now - busySince);
    }
    return longest;
  }

  /** Whether any thread is at work. */
  get busy(): boolean {
    return [...this.#threads].some((thread) => !thread.idle);
  }

  /** Ends the threads that are idle; a busy one can't be ended without ending the process. */
  async end(): Promise<void> {
    this.#ended = true;
    await Promise.all([...this.#threads].filter(({ idle }) => idle).map((thread) => thread.end()));
  }

  #spawn(): void {
    const thread = new ModelThread(this.#options.workerFile, (ended, error) => {
      this.#threads.delete(ended);
      this.#options.died(ended, error);
      if (this.#ended) return;
      setTimeout(() => {
        if (this.#ended) return;
        this.#spawn();
        this.#options.replaced();
      }, RESPAWN_MS).unref();
    });
    this.#threads.add(thread);
  }
}
