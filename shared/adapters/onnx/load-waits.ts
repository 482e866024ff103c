import type { LoadedModel } from './loaded-model.ts';

/** Who waits for a model's first thread. */
export class LoadWaits {
  readonly #waiting = new Map<
    LoadedModel,
    { resolve: () => void; reject: (error: Error) => void }[]
  >();

  /** Resolves, or rejects, as the model is settled. */
  wait(loaded: LoadedModel): Promise<void> {
    return new Promise((resolve, reject) => {
      const others = this.#waiting.get(loaded);
      if (others) others.push({ resolve, reject });
      else this.#waiting.set(loaded, [{ resolve, reject }]);
    });
  }

  /** A thread can run it now; or, given a failure, none ever will. */
  settle(loaded: LoadedModel, failure?: Error): void {
    for (const { resolve, reject } of this.#waiting.get(loaded) ?? []) {
      if (failure) reject(failure);
      else resolve();
    }
    this.#waiting.delete(loaded);
  }
}
