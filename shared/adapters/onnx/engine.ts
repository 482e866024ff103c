import { BodyPool } from '../../inference/body-pool.ts';
import { RequestQueue } from '../../inference/request-queue.ts';
import type {
  Engine,
  Holding,
  InferAnswer,
  InferJob,
  ScoreAnswer,
  ScoreJob,
  ServableModel,
} from '../../ports/engine.ts';
import { Admission } from './admission.ts';
import { Dispatcher, releaseFile } from './dispatcher.ts';
import { closingFailure, loadFailure } from './engine-failure.ts';
import type { EngineOptions } from './engine-options.ts';
import { InlineRunner } from './inline-runner.ts';
import { LoadWaits } from './load-waits.ts';
import type { LoadedModel } from './loaded-model.ts';
import { ModelCache } from './model-cache.ts';
import { ModelSources } from './model-sources.ts';
import { type Caller, type Pending, PendingRequest, PendingScore } from './pending-request.ts';
import { PreparingThread } from './preparing-thread.ts';
import { StuckWatch } from './stuck-watch.ts';
import type { LoadedReply } from './thread-protocol.ts';

/** How long `close` waits for what runs; the platform gives 5 s for all. */
const CLOSE_MS = 4_000;

/** The engine on worker threads: the main thread only routes, and is never blocked by a run. */
export class ThreadedEngine implements Engine {
  readonly #options: EngineOptions;
  readonly #queue: RequestQueue<Pending>;
  readonly #cache: ModelCache;
  readonly #dispatcher: Dispatcher;
  readonly #inline: InlineRunner;
  readonly #preparing: PreparingThread;
  readonly #sources: ModelSources;
  readonly #admission: Admission;
  readonly #watch: StuckWatch;
  readonly #loads = new LoadWaits();
  #closing = false;

  constructor(options: EngineOptions) {
    this.#options = options;
    this.#queue = new RequestQueue({
      maxRequests: options.maxQueuedRequests,
      maxBytes: options.maxQueuedBytes,
    });
    this.#inline = new InlineRunner(options);
    this.#dispatcher = new Dispatcher({
      workerFile: options.workerFile,
      maxBodyBytes: options.maxBodyBytes,
      bodyPool: options.bodyPool ?? new BodyPool(0),
      maxRunMs: options.maxRunMs,
      threads: options.threads,
      queue: this.#queue,
      events: {
        loadFailed: (loaded, error) => {
          this.#giveUp(loaded, error);
        },
        orphaned: (loaded, error) => {
          this.#giveUp(loaded, error);
        },
        loaded: (loaded, thread, reply, alone) => {
          const isFirst = loaded.threads.size === 0;
          const measured = alone && !this.#preparing.busy;
          const { report } = reply;
          this.#noteColdStart(loaded, reply);
          loaded.loadedInto(thread, measured ? report.grownBytes : undefined);
          this.#cache.shrinkToBudget();
          if (!isFirst) return;
          loaded.arrived();
          options.watcher?.loaded(loaded.model, loaded.loadMs);
          this.#loads.settle(loaded);
          void this.#considerInline(loaded, report.runMs);
          void this.#sources.improve(loaded);
        },
        unfit: (loaded) => {
          void this.#sources.refuse(loaded).then(async () => {
            if (loaded.threads.size === 0) await this.#open(loaded);
          });
        },
        residents: () => this.#cache.everything(),
      },
    });
    this.#cache = new ModelCache({
      budgetBytes: options.modelCacheBytes,
      threads: options.threads,
      begin: (loaded) => {
        void this.#open(loaded);
      },
      free: async (loaded) => {
        releaseFile(loaded);
        await Promise.all([this.#dispatcher.unload(loaded), this.#inline.unload(loaded)]);
        loaded.prepared?.release();
      },
      left: ({ model, hits }, evicted) => options.watcher?.left(model, { hits, evicted }),
    });
    this.#preparing = new PreparingThread(options.workerFile);
    this.#sources = new ModelSources({
      prepared: options.prepared?.((path, into) => this.#preparing.prepare(path, into)),
      // Where several threads load it, room for their copies is taken already.
      mayPrepare: ({ model }) =>
        !this.#closing && (options.threads > 1 || this.#cache.spareBytes >= model.bytes),
      onSettled: () => {
        this.#dispatcher.pump();
      },
    });
    this.#admission = new Admission({
      options,
      queue: this.#queue,
      inline: this.#inline,
      pump: () => {
        this.#dispatcher.pump();
      },
    });
    this.#watch = new StuckWatch({
      maxRunMs: options.maxRunMs,
      longestBusyMs: () => this.#dispatcher.threads.longestBusyMs(),
    });
  }

  infer(model: ServableModel, job: InferJob): Promise<InferAnswer> {
    return this.#take(model, (loaded, caller: Caller<InferAnswer>) => {
      // What nobody asked for finds nothing.
      if (loaded.threads.size > 0 && job.observe !== 'only') loaded.hits++;
      this.#admission.request(new PendingRequest(loaded, job, caller), job.deadline);
    });
  }

  score(model: ServableModel, job: ScoreJob): Promise<ScoreAnswer> {
    return this.#take(model, (loaded, caller: Caller<ScoreAnswer>) => {
      this.#admission.enqueue(new PendingScore(loaded, job, caller), job.deadline);
    });
  }

  async load(model: ServableModel): Promise<void> {
    this.#refuseWhenClosing();
    const loaded = this.#cache.acquire(model);
    try {
      if (loaded.threads.size > 0) return;
      await this.#loads.wait(loaded);
    } finally {
      this.#cache.release(loaded);
    }
  }

  async unload(key: string): Promise<void> {
    await this.#cache.drop(key);
  }

  loaded(): readonly string[] {
    return this.#cache.loaded().map(({ model }) => model.key);
  }

  waiting(): number {
    return this.#queue.requests + this.#inline.waiting;
  }

  saturation(): number {
    let runs = this.#dispatcher.running;
    for (const pending of this.#queue.items()) {
      if (pending.kind === 'request') runs += 1 / pending.loaded.model.batchRows;
    }
    return runs / this.#options.threads;
  }

  holdings(): Holding[] {
    return this.#cache.takeHoldings();
  }

  ailments(): readonly string[] {
    const { ailment } = this.#watch;
    if (ailment) return [ailment];
    return this.#closing ? ['shutting down'] : [];
  }

  async close(): Promise<void> {
    if (this.#closing) return;
    this.#closing = true;
    this.#watch.end();
    const until = performance.now() + CLOSE_MS;
    while (
      (this.#dispatcher.threads.busy || this.#preparing.busy || this.#queue.requests > 0) &&
      performance.now() < until
    ) {
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    for (const request of this.#queue.items()) request.reject(closingFailure());
    for (const loaded of this.#cache.everything()) releaseFile(loaded);
    await this.#dispatcher.threads.end();
  }

  /** Holds the model, which is loaded if need be, until the caller has his answer. */
  #take<Answer>(
    model: ServableModel,
    begin: (loaded: LoadedModel, caller: Caller<Answer>) => void,
  ): Promise<Answer> {
    return new Promise((resolve, reject) => {
      this.#refuseWhenClosing();
      const loaded = this.#cache.acquire(model);
      const settled = (): void => {
        this.#cache.release(loaded);
      };
      begin(loaded, { resolve, reject, settled });
    });
  }

  #noteColdStart({ prepared }: LoadedModel, { report, runtimeMs }: LoadedReply): void {
    const { coldStart } = this.#options;
    coldStart?.reached('runtime', runtimeMs);
    coldStart?.took('create', report.createMs);
    coldStart?.took('firstRun', report.firstRunMs ?? 0);
    if (prepared) coldStart?.usedPrepared();
  }

  async #open(loaded: LoadedModel): Promise<void> {
    try {
      await this.#sources.open(loaded);
    } catch (error) {
      this.#giveUp(loaded, error as Error);
      return;
    }
    if (loaded.dropped && loaded.references === 0) {
      releaseFile(loaded);
      loaded.prepared?.release();
      return;
    }
    this.#dispatcher.load(loaded);
  }

  #giveUp(loaded: LoadedModel, error: Error): void {
    const failure = loadFailure(loaded, error);
    for (const request of [...this.#queue.items()]) {
      if (request.loaded !== loaded) continue;
      this.#queue.remove(request);
      request.reject(failure);
    }
    this.#loads.settle(loaded, failure);
    void this.#cache.dropEntry(loaded);
  }

  #refuseWhenClosing(): void {
    if (this.#closing) throw closingFailure();
  }

  async #considerInline(loaded: LoadedModel, runMs: number | undefined): Promise<void> {
    if (runMs === undefined || runMs >= this.#options.maxInlineRunMs) return;
    try {
      await this.#inline.load(loaded);
    } catch {
      // The threads serve it as well.
    }
  }
}
