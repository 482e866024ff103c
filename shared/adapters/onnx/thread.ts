import type { Worker } from 'node:worker_threads';
import { threadFailure } from './engine-failure.ts';
import { NO_SESSION, spawnThread } from './thread-ahead.ts';
import type { Envelope, ThreadReply, ThreadRequest } from './thread-protocol.ts';

type Reply = Exclude<ThreadReply, { kind: 'broken' }>;

interface Pending {
  resolve(reply: Reply): void;
  reject(error: Error): void;
}

/** A worker thread that runs models; it works on one request at a time, in the order sent. */
export class ModelThread {
  /** When the work in hand began, ms of the event loop's clock; undefined when idle. */
  busySince: number | undefined;
  /** Whether the work in hand is loading a model. */
  loading = false;
  readonly #worker: Worker;
  readonly #pending = new Map<number, Pending>();
  #nextId = 1;
  #ended: Error | undefined;

  /**
   * `onEnd` is called once if the thread dies by itself; what was pending has failed by then, with
   * the same ServingError `notReady`, whose cause says why.
   */
  constructor(workerFile: URL, onEnd: (thread: ModelThread, error: Error) => void) {
    this.#worker = spawnThread(workerFile);
    this.#worker.on('message', ({ id, message }: Envelope<ThreadReply>) => {
      const pending = this.#pending.get(id);
      this.#pending.delete(id);
      this.#settled();
      if (!pending) return;
      if (message.kind === 'broken') {
        pending.reject(Object.assign(new Error(message.message), { stack: message.stack }));
      } else pending.resolve(message);
    });
    const ended = (why: Error): void => {
      if (this.#ended) return;
      const error = threadFailure(why);
      this.#ended = error;
      for (const pending of this.#pending.values()) pending.reject(error);
      this.#pending.clear();
      onEnd(this, error);
    };
    this.#worker.on('error', ended);
    this.#worker.on('exit', (code) => {
      ended(new Error(`a model thread ended with code ${code}`));
    });
  }

  get idle(): boolean {
    return this.#pending.size === 0 && !this.#ended;
  }

  /** Sends one piece of work; the buffers in `transfer` are gone afterwards. */
  send(message: ThreadRequest, transfer: ArrayBuffer[] = []): Promise<Reply> {
    if (this.#ended) return Promise.reject(this.#ended);
    const id = this.#nextId++;
    if (this.#pending.size === 0) {
      this.busySince = performance.now();
      this.#worker.ref();
    }
    this.loading = message.type === 'load';
    return new Promise((resolve, reject) => {
      this.#pending.set(id, { resolve, reject });
      this.#worker.postMessage({ id, message } satisfies Envelope<ThreadRequest>, transfer);
    });
  }

  /**
   * Ends the thread. Only for an idle one: to terminate a thread inside the runtime aborts the
   * whole process.
   */
  async end(): Promise<void> {
    // One that has only just begun is inside the runtime, too.
    if (!this.#ended)
      await this.send({ type: 'unload', session: NO_SESSION }).catch(() => undefined);
    this.#ended ??= new Error('the model thread was ended');
    await this.#worker.terminate();
  }

  #settled(): void {
    this.loading = false;
    this.busySince = this.#pending.size === 0 ? undefined : performance.now();
    if (this.#pending.size === 0) this.#worker.unref();
  }
}
