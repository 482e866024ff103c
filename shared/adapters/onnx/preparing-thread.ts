import { ModelThread } from './thread.ts';

/**
 * Prepares models in a thread that lives only while there is something to prepare, apart from those
 * that answer.
 */
export class PreparingThread {
  readonly #workerFile: URL;
  #thread: ModelThread | undefined;
  #waiting = 0;

  constructor(workerFile: URL) {
    this.#workerFile = workerFile;
  }

  /** Whether it is at work: then the process can't end without aborting. */
  get busy(): boolean {
    return this.#waiting > 0;
  }

  /** Leaves the prepared form of the model `path` in the folder `into`. Rejects when it can't. */
  async prepare(path: string, into: string): Promise<void> {
    this.#waiting++;
    this.#thread ??= new ModelThread(this.#workerFile, (ended) => {
      if (this.#thread === ended) this.#thread = undefined;
    });
    const thread = this.#thread;
    try {
      await thread.send({ type: 'prepare', path, into });
    } finally {
      this.#waiting--;
      if (this.#waiting === 0 && this.#thread === thread) {
        this.#thread = undefined;
        await thread.end();
      }
    }
  }
}
