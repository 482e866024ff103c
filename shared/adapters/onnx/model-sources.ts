import type { LoadedModel } from './loaded-model.ts';
import type { PreparedModels } from './prepared-models.ts';

/** Smaller models load in a millisecond or two either way, and their copies weigh nothing. */
const MIN_PREPARED_BYTES = 1_000_000;

/**
 * Where threads load a model from: its prepared form if one stands; else its file, and behind the
 * first thread's back the form is made of it, which the threads then change to. Without a form a
 * model serves as well, only slower to load and once in each thread's memory.
 */
export class ModelSources {
  readonly #prepared: PreparedModels | undefined;
  readonly #mayPrepare: (loaded: LoadedModel) => boolean;
  readonly #onSettled: () => void;

  /** `mayPrepare` says whether there is memory for it; `onSettled`: threads may load on. */
  constructor(options: {
    prepared: PreparedModels | undefined;
    mayPrepare: (loaded: LoadedModel) => boolean;
    onSettled: () => void;
  }) {
    this.#prepared = options.prepared;
    this.#mayPrepare = options.mayPrepare;
    this.#onSettled = options.onSettled;
  }

  /** Holds what threads are to load. @throws what opening the model's file throws */
  async open(loaded: LoadedModel): Promise<void> {
    const { model } = loaded;
    if (model.bytes >= MIN_PREPARED_BYTES) {
      loaded.prepared = await this.#prepared?.find(model.digest);
    }
    if (!loaded.prepared) loaded.file = await model.open();
  }

  /** A first thread has loaded the file: makes the prepared form of it. Never rejects. */
  async improve(loaded: LoadedModel): Promise<void> {
    const { model } = loaded;
    if (!this.#prepared || loaded.prepared || loaded.unfit) return;
    if (model.bytes < MIN_PREPARED_BYTES || !this.#mayPrepare(loaded)) return;
    loaded.preparing = true;
    try {
      // A hold of its own: the model may be unloaded meanwhile.
      const file = await model.open();
      try {
        const form = await this.#prepared.make(model.digest, file.path);
        if (loaded.dropped) form?.release();
        else if (form) loaded.changeTo(form);
      } finally {
        file.release();
      }
    } catch {
      // The file is not there any more: what is loaded serves on.
    } finally {
      loaded.preparing = false;
      this.#onSettled();
    }
  }

  /** A thread could not load the prepared form: it is not tried again. */
  async refuse(loaded: LoadedModel): Promise<void> {
    const { prepared } = loaded;
    loaded.unfit = true;
    loaded.prepared = undefined;
    loaded.outdated.clear();
    await prepared?.discard().catch(() => undefined);
  }
}
