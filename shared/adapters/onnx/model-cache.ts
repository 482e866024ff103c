import { ServingError } from '../../errors.ts';
import { chooseEvictions, creditOf } from '../../inference/eviction.ts';
import type { Holding, ServableModel } from '../../ports/engine.ts';
import { LoadedModel } from './loaded-model.ts';

/** The models held loaded: one entry a key, within a budget of bytes, those worth least leaving first. */
export class ModelCache {
  readonly #budgetBytes: number;
  readonly #threads: number;
  readonly #begin: (loaded: LoadedModel) => void;
  readonly #free: (loaded: LoadedModel) => Promise<void>;
  readonly #left: (loaded: LoadedModel, evicted: boolean) => void;
  readonly #byKey = new Map<string, LoadedModel>();
  /** Dropped, but still referenced or being freed: their memory is still taken. */
  readonly #leaving = new Map<LoadedModel, { freed: Promise<void>; done: () => void }>();
  #nextSession = 1;
  #lastEvictedCredit = 0;

  /**
   * `begin` starts to load a new entry, `free` takes one out of the threads; `left` hears of each that
   * goes, `evicted` to make room.
   */
  constructor(options: {
    budgetBytes: number;
    threads: number;
    begin: (loaded: LoadedModel) => void;
    free: (loaded: LoadedModel) => Promise<void>;
    left: (loaded: LoadedModel, evicted: boolean) => void;
  }) {
    this.#budgetBytes = options.budgetBytes;
    this.#threads = options.threads;
    this.#begin = options.begin;
    this.#free = options.free;
    this.#left = options.left;
  }

  /**
   * The entry for a model, loading it and evicting others if need be, with one reference more.
   * @throws ServingError `notReady` (larger than the whole budget), `overloaded` (all are in use)
   */
  acquire(model: ServableModel): LoadedModel {
    let loaded = this.#byKey.get(model.key);
    if (!loaded) {
      loaded = new LoadedModel(model, this.#nextSession++, this.#threads);
      this.#makeRoom(loaded);
      this.#byKey.set(model.key, loaded);
      loaded.references++;
      this.#begin(loaded);
    } else loaded.references++;
    loaded.credit = creditOf(loaded, this.#lastEvictedCredit);
    // Least recently used first.
    this.#byKey.delete(model.key);
    this.#byKey.set(model.key, loaded);
    return loaded;
  }

  release(loaded: LoadedModel): void {
    loaded.references--;
    if (loaded.dropped && loaded.references === 0) this.#leave(loaded);
  }

  /** Takes a model out once its last reference ends; resolves then. */
  async drop(key: string): Promise<void> {
    const loaded = this.#byKey.get(key);
    if (loaded) await this.dropEntry(loaded);
  }

  async dropEntry(loaded: LoadedModel, evicted = false): Promise<void> {
    if (!loaded.dropped) {
      loaded.dropped = true;
      this.#left(loaded, evicted);
      this.#byKey.delete(loaded.model.key);
      let done = (): void => undefined;
      const freed = new Promise<void>((resolve) => {
        done = resolve;
      });
      this.#leaving.set(loaded, { freed, done });
      if (loaded.references === 0) this.#leave(loaded);
    }
    await this.#leaving.get(loaded)?.freed;
  }

  /** Bytes of the budget that nothing takes. */
  get spareBytes(): number {
    return [...this.#byKey.values()].reduce((left, { bytes }) => left - bytes, this.#budgetBytes);
  }

  /** An entry turned out to take more than was thought: evicts as far as that helps. */
  shrinkToBudget(): void {
    const idle = [...this.#byKey.values()].filter(({ references }) => references === 0);
    const most = idle.reduce((sum, { bytes }) => sum + bytes, 0);
    const excess = Math.min(-this.spareBytes, most);
    this.#evict(chooseEvictions(idle, excess, most) ?? []);
  }

  /** Entries that a thread has. */
  loaded(): LoadedModel[] {
    return [...this.#byKey.values()].filter(({ threads }) => threads.size > 0);
  }

  /** What is loaded, with its hits since they were taken last. */
  takeHoldings(): Holding[] {
    return this.loaded().map((loaded) => {
      const { model, bytes, hits } = loaded;
      loaded.hits = 0;
      return { model, bytes, hits };
    });
  }

  /** Entries in the cache and those leaving it. */
  everything(): LoadedModel[] {
    return [...this.#byKey.values(), ...this.#leaving.keys()];
  }

  #leave(loaded: LoadedModel): void {
    void this.#free(loaded).finally(() => {
      this.#leaving.get(loaded)?.done();
      this.#leaving.delete(loaded);
    });
  }

  #makeRoom({ bytes, name }: LoadedModel): void {
    if (bytes > this.#budgetBytes) {
      throw new ServingError({
        kind: 'notReady',
        detail: `${name} takes ${bytes} bytes in ${this.#threads} threads, more than this instance's ${this.#budgetBytes} for models (PILOTLIGHT_MODEL_CACHE_BYTES)`,
        retryAfterSeconds: 60,
      });
    }
    // What is leaving no longer counts: its memory comes back as soon as its thread gets to it.
    const evicted = chooseEvictions(this.#byKey.values(), bytes, this.#budgetBytes);
    if (!evicted) {
      throw new ServingError({
        kind: 'overloaded',
        detail: `no room to load ${name}: every loaded model is in use`,
        retryAfterSeconds: 1,
      });
    }
    this.#evict(evicted);
  }

  #evict(evicted: readonly LoadedModel[]): void {
    for (const loaded of evicted) {
      this.#lastEvictedCredit = Math.max(this.#lastEvictedCredit, loaded.credit);
      void this.dropEntry(loaded, true);
    }
  }
}
