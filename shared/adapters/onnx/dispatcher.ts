import type { BodyPool } from '../../inference/body-pool.ts';
import type { RequestQueue } from '../../inference/request-queue.ts';
import type { ServableModel } from '../../ports/engine.ts';
import type { LoadedModel } from './loaded-model.ts';
import { ownBytes } from './own-bytes.ts';
import type { Pending, PendingRequest, PendingScore } from './pending-request.ts';
import { settle } from './settle.ts';
import type { ModelThread } from './thread.ts';
import { ThreadPool } from './thread-pool.ts';
import { type LoadedReply, monotonicNs, type SessionModel } from './thread-protocol.ts';

interface Events {
  /** A thread has loaded a model; `alone`: no other thread loaded anything meanwhile. */
  loaded(loaded: LoadedModel, thread: ModelThread, reply: LoadedReply, alone: boolean): void;
  /** A thread can't load the prepared form of a model. */
  unfit(loaded: LoadedModel): void;
  /** A model can't be loaded: nobody will run it. */
  loadFailed(loaded: LoadedModel, error: Error): void;
  /** A model has lost its last thread. */
  orphaned(loaded: LoadedModel, error: Error): void;
  /** Every model that takes memory, those on their way out included. */
  residents(): Iterable<LoadedModel>;
}

/**
 * Gives work to idle threads: a request whose model the thread holds, or a model to load. At most
 * all threads but one load at a time, so that the rest keep answering.
 */
export class Dispatcher {
  readonly #threads: ThreadPool;
  readonly #queue: RequestQueue<Pending>;
  readonly #events: Events;
  readonly #count: number;
  /** Opened, and in no thread yet. */
  readonly #toLoad = new Set<LoadedModel>();
  /** Which models a thread is loading right now. */
  readonly #loading = new Map<ModelThread, LoadedModel>();
  readonly #maxBodyBytes: number;
  readonly #bodyPool: BodyPool;
  readonly #maxRunMs: number;
  #loadsBegun = 0;
  #running = 0;

  constructor(options: {
    workerFile: URL;
    maxBodyBytes: number;
    bodyPool: BodyPool;
    maxRunMs: number;
    threads: number;
    queue: RequestQueue<Pending>;
    events: Events;
  }) {
    this.#count = options.threads;
    this.#maxBodyBytes = options.maxBodyBytes;
    this.#bodyPool = options.bodyPool;
    this.#maxRunMs = options.maxRunMs;
    this.#queue = options.queue;
    this.#events = options.events;
    this.#threads = new ThreadPool({
      workerFile: options.workerFile,
      threads: options.threads,
      died: (thread, error) => {
        this.#forget(thread, error);
      },
      replaced: () => {
        this.pump();
      },
    });
  }

  /** Asks for a model, whose file is open, to be loaded into a first thread. */
  load(loaded: LoadedModel): void {
    this.#toLoad.add(loaded);
    this.pump();
    if (this.#toLoad.size > 0) this.#threads.grow();
  }

  /** Takes a model out of every thread; resolves when its sessions are gone. */
  async unload(loaded: LoadedModel): Promise<void> {
    this.#toLoad.delete(loaded);
    const { session } = loaded;
    const holders = new Set([...loaded.threads, ...this.#loadersOf(loaded)]);
    loaded.threads.clear();
    // Sent behind a load in progress, so nothing is left over.
    await Promise.allSettled(
      [...holders].map((thread) => thread.send({ type: 'unload', session })),
    );
    this.pump();
  }

  /** What does the work. */
  get threads(): Pick<ThreadPool, 'busy' | 'longestBusyMs' | 'end'> {
    return this.#threads;
  }

  /** Runs under way: one that more requests could have shared counts as the part that is taken. */
  get running(): number {
    return this.#running;
  }

  /** Gives every idle thread something to do, if there is something. */
  pump(): void {
    for (const thread of this.#threads) {
      if (thread.idle) this.#giveWork(thread);
    }
  }

  #giveWork(thread: ModelThread): void {
    const mayLoad = this.#loading.size < Math.max(1, this.#count - 1);
    const [fresh] = mayLoad ? this.#toLoad : [];
    if (fresh) {
      this.#toLoad.delete(fresh);
      this.#loadInto(thread, fresh);
      return;
    }
    const next = this.#queue.take(({ loaded }) => loaded.threads.has(thread));
    if (next) {
      if (next.kind === 'score') this.#score(thread, next);
      else this.#run(thread, next);
      return;
    }
    if (!mayLoad) return;
    for (const loaded of this.#events.residents()) {
      if (loaded.isWantedIn(thread) && this.#loadersOf(loaded).length === 0) {
        this.#loadInto(thread, loaded);
        return;
      }
    }
  }

  /** What waits for the model goes together, up to its best batch: no timer, no wait. */
  #run(thread: ModelThread, first: PendingRequest): void {
    const { loaded } = first;
    const requests = [first];
    while (requests.length < loaded.model.batchRows) {
      const next = this.#queue.take((other) => other.kind === 'request' && other.loaded === loaded);
      if (next?.kind !== 'request') break;
      requests.push(next);
    }
    const share = requests.length / loaded.model.batchRows;
    this.#running += share;
    const began = monotonicNs();
    const moved = requests.map(({ request }) => ({ ...request, body: ownBytes(request.body) }));
    void thread
      .send(
        { type: 'run', session: loaded.session, requests: moved },
        moved.map(({ body }) => body.buffer),
      )
      .then(
        (reply) => {
          loaded.served(requests.length, monotonicNs() - began);
          settle(requests, reply.kind === 'ran' ? reply.outcomes : []);
          if (reply.kind !== 'ran') return;
          for (const buffer of reply.spent) this.#bodyPool.give(buffer);
        },
        (error: unknown) => {
          for (const request of requests) request.reject(error as Error);
        },
      )
      .finally(() => {
        this.#running -= share;
        this.pump();
      });
  }

  /** A piece of rows fills runs by itself. */
  #score(thread: ModelThread, piece: PendingScore): void {
    const { session } = piece.loaded;
    const rows = ownBytes(piece.job.rows);
    // It ends between two runs, before its thread counts as stuck.
    const deadline = Math.min(piece.job.deadline, Date.now() + this.#maxRunMs / 2);
    this.#running++;
    void thread
      .send({ type: 'score', session, job: { ...piece.job, rows, deadline } }, [rows.buffer])
      .then(
        (reply) => {
          settle([piece], reply.kind === 'scored' ? [reply.outcome] : []);
        },
        (error: unknown) => {
          piece.reject(error as Error);
        },
      )
      .finally(() => {
        this.#running--;
        this.pump();
      });
  }

  #loadInto(thread: ModelThread, loaded: LoadedModel): void {
    const { session, model, source } = loaded;
    if (!source) return;
    this.#loading.set(thread, loaded);
    const number = ++this.#loadsBegun;
    const first = this.#loading.size === 1;
    void thread
      .send({
        type: 'load',
        session,
        source,
        model: sessionModel(model, this.#maxBodyBytes),
      })
      .then(
        (reply) => {
          // Freed meanwhile: its sessions' removal stands in the thread's inbox already.
          if (loaded.dropped && loaded.references === 0) return;
          if (reply.kind !== 'loaded') return;
          // A second thread only now: starting together, each would start later.
          this.#threads.grow();
          const alone = first && this.#loadsBegun === number;
          this.#events.loaded(loaded, thread, reply, alone);
          if (loaded.threads.size === this.#count && !loaded.preparing) releaseFile(loaded);
        },
        (error: unknown) => {
          if (source.prepared) {
            this.#events.unfit(loaded);
            return;
          }
          // In one thread or none: what one thread can't load, the others can't.
          releaseFile(loaded);
          if (loaded.threads.size === 0) this.#events.loadFailed(loaded, error as Error);
        },
      )
      .finally(() => {
        this.#loading.delete(thread);
        this.pump();
      });
  }

  #loadersOf(loaded: LoadedModel): ModelThread[] {
    return [...this.#loading].filter(([, other]) => other === loaded).map(([thread]) => thread);
  }

  /** A thread has died, and with it what it held. */
  #forget(thread: ModelThread, error: Error): void {
    for (const loaded of this.#events.residents()) {
      if (loaded.threads.delete(thread) && loaded.threads.size === 0) {
        this.#events.orphaned(loaded, error);
      }
    }
  }
}

/** What a thread must know of a model. */
export function sessionModel(model: ServableModel, maxBodyBytes: number): SessionModel {
  const { model: name, version, signature, batchRows, inlineable } = model;
  return { name, version, signature, batchRows, timed: inlineable, maxBodyBytes };
}

/** No thread needs the file any more. */
export function releaseFile(loaded: LoadedModel): void {
  loaded.file?.release();
  loaded.file = undefined;
}
