import type { Engine } from '../ports/engine.ts';
import type { KnownVersion, RecentVersions } from '../ports/known-versions.ts';
import type { ModelFiles } from '../ports/model-files.ts';
import { findEntry } from '../registry/lookup.ts';
import { type KnownModel, servableFrom } from './known-version.ts';
import type { ServableModels } from './servable-models.ts';

/** More are never kept: an instance that starts doesn't load for minutes. */
const MAX_KEPT = 32;
const WATCH_MS = 5_000;

export interface RecentModelsDeps {
  readonly engine: Engine;
  readonly models: ServableModels;
  readonly modelFiles: ModelFiles;
  readonly recent: RecentVersions;
  readonly config: { readonly modelCacheBytes: number; readonly vcpus: number };
}

/**
 * What was served last by this instance's disk is likely to be asked for next: it is loaded while
 * the registry is still being read. The registry stays the authority. What it doesn't confirm goes
 * again, and a request can't reach it before: a request asks by a key of all that the registry says.
 */
export class RecentModels {
  readonly #deps: RecentModelsDeps;
  #kept: readonly KnownVersion[] = [];
  #watch: NodeJS.Timeout | undefined;
  #ended = false;

  constructor(deps: RecentModelsDeps) {
    this.#deps = deps;
  }

  /** Loads what an earlier process kept; from then on keeps what is loaded whenever that changes. */
  async begin(): Promise<void> {
    await this.#load();
    if (this.#ended) return;
    this.#watch = setInterval(() => {
      if (!sameMembers(this.#loaded(), this.#kept)) void this.#keep();
    }, WATCH_MS);
    this.#watch.unref();
  }

  /** Keeps what is loaded, in the order of its use, for the next process. Never rejects. */
  async end(): Promise<void> {
    this.#ended = true;
    // What an earlier process kept stands until all of it is loaded.
    if (!this.#watch) return;
    clearInterval(this.#watch);
    await this.#keep();
  }

  /**
   * Those whose card says `preload` first and then the ones used last, one after the other and as
   * far as they fit the budget together. Never rejects.
   */
  async #load(): Promise<void> {
    const { recent, modelFiles, config } = this.#deps;
    this.#kept = await recent.read();
    const newest = [...this.#kept].reverse();
    let room = config.modelCacheBytes;
    for (const known of [
      ...newest.filter(({ preload }) => preload),
      ...newest.filter(({ preload }) => !preload),
    ]) {
      const bytes = known.bytes * config.vcpus;
      if (bytes > room) continue;
      room -= bytes;
      await this.#loadConfirmed(servableFrom(known, modelFiles));
    }
  }

  #loaded(): KnownVersion[] {
    const { engine, models } = this.#deps;
    const keys = new Set(engine.loaded());
    const loaded = [...models.asked()].filter(({ key }) => keys.has(key));
    return loaded.slice(-MAX_KEPT).map(({ known }) => known);
  }

  async #keep(): Promise<void> {
    const versions = this.#loaded();
    // What was kept may be of use again when the registry or the storage is.
    if (versions.length === 0) return;
    try {
      await this.#deps.recent.write(versions);
      this.#kept = versions;
    } catch {
      // The next process starts without.
    }
  }

  async #loadConfirmed(servable: KnownModel): Promise<void> {
    const { engine } = this.#deps;
    const [confirmed] = await Promise.all([
      this.#isConfirmed(servable),
      // Whoever asks for it is told what is wrong.
      engine.load(servable).catch(() => undefined),
    ]);
    if (!confirmed) await engine.unload(servable.key);
  }

  /** Whether the registry says the same; it is then known for the first request, too. */
  async #isConfirmed({ key, known }: KnownModel): Promise<boolean> {
    const { models } = this.#deps;
    try {
      const record = await models.record(known.model);
      if (record.incarnation !== known.incarnation) return false;
      if (findEntry(record, known.version)?.state !== 'ready') return false;
      const found = await models.servable(record, known.version);
      return found.key === key;
    } catch {
      return false;
    }
  }
}

function sameMembers(some: readonly KnownVersion[], others: readonly KnownVersion[]): boolean {
  const names = new Set(others.map(nameOf));
  return some.length === others.length && some.every((one) => names.has(nameOf(one)));
}

function nameOf({ model, incarnation, version }: KnownVersion): string {
  return `${model}/${incarnation}/${version}`;
}
