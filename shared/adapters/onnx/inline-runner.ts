import { messageOf } from '../../errors.ts';
import { sessionModel } from './dispatcher.ts';
import type { EngineOptions } from './engine-options.ts';
import type { LoadedModel } from './loaded-model.ts';
import type { ModelRunner } from './model-runner.ts';
import type { PendingRequest } from './pending-request.ts';
import { settle } from './settle.ts';

/** Larger bodies take too long to decode where everybody waits. */
const MAX_INLINE_BODY_BYTES = 32_768;

/** A small answer is sent at once, so its bytes needn't be a buffer of their own. */
const allocateBriefly = (bytes: number): Uint8Array => Buffer.allocUnsafe(bytes);

/**
 * Runs tiny models on the main thread. What arrives while a run is under way, or in the same turn of
 * the event loop, shares the next one.
 */
export class InlineRunner {
  readonly #maxBodyBytes: number;
  readonly #maxWaiting: number;
  #runner: Promise<ModelRunner> | undefined;
  readonly #byModel = new Map<LoadedModel, PendingRequest[]>();
  #scheduled = false;
  #waiting = 0;

  constructor(limits: Pick<EngineOptions, 'maxBodyBytes' | 'maxQueuedRequests'>) {
    this.#maxBodyBytes = limits.maxBodyBytes;
    this.#maxWaiting = limits.maxQueuedRequests;
  }

  /** Requests that wait for their run. */
  get waiting(): number {
    return this.#waiting;
  }

  /** Whether a request may run here: a small one, for a model that is here. */
  takes({ loaded, bytes, request }: PendingRequest): boolean {
    return (
      loaded.inline &&
      bytes <= MAX_INLINE_BODY_BYTES &&
      !request.contentEncoding &&
      this.#waiting < this.#maxWaiting
    );
  }

  /** Makes a session of its own; from then on the model is `inline`. Failing leaves it to the threads. */
  async load(loaded: LoadedModel): Promise<void> {
    // The runtime is loaded here only when a model is small enough to want it.
    this.#runner ??= import('./model-runner.ts').then(
      (module) => new module.ModelRunner(allocateBriefly),
    );
    const runner = await this.#runner;
    const { session, model } = loaded;
    // Held by itself: the threads may be done with theirs by now.
    const file = await model.open();
    try {
      const source = { path: file.path, prepared: false };
      await runner.load(session, source, sessionModel(model, this.#maxBodyBytes));
    } finally {
      file.release();
    }
    if (loaded.dropped) await runner.unload(loaded.session);
    else loaded.inline = true;
  }

  async unload(loaded: LoadedModel): Promise<void> {
    if (!loaded.inline) return;
    loaded.inline = false;
    await (await this.#runner)?.unload(loaded.session);
  }

  /** Answers with the next run. */
  enqueue(request: PendingRequest): void {
    this.#waiting++;
    const waiting = this.#byModel.get(request.loaded);
    if (waiting) waiting.push(request);
    else this.#byModel.set(request.loaded, [request]);
    if (this.#scheduled) return;
    this.#scheduled = true;
    setImmediate(() => {
      void this.#flush();
    });
  }

  async #flush(): Promise<void> {
    const runner = await this.#runner;
    while (this.#byModel.size > 0) {
      for (const [loaded, requests] of this.#byModel) {
        this.#byModel.delete(loaded);
        this.#waiting -= requests.length;
        try {
          const outcomes = await runner?.run(
            loaded.session,
            requests.map(({ request }) => request),
          );
          settle(requests, outcomes ?? []);
        } catch (error) {
          const bug = { kind: 'bug', message: messageOf(error), stack: '' } as const;
          settle(
            requests,
            requests.map(() => bug),
          );
        }
      }
    }
    this.#scheduled = false;
  }
}
