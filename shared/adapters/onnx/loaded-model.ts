import type { ServableModel } from '../../ports/engine.ts';
import type { ModelFile } from '../../ports/model-files.ts';
import type { PreparedModel } from './prepared-models.ts';
import type { ModelThread } from './thread.ts';
import type { ModelSource } from './thread-protocol.ts';

/** Weight of the newest measurement. */
const SMOOTHING = 0.1;

/** A model on its way into the threads, in them, or on its way out. */
export class LoadedModel {
  readonly model: ServableModel;
  /** Names its sessions in the threads. */
  readonly session: number;
  /** What it counts against the budget: its file once for each thread, until that was measured. */
  bytes: number;
  /** The threads that can run it. */
  readonly threads = new Set<ModelThread>();
  /** Requests that wait for it or run on it. */
  references = 0;
  /** Requests that found it loaded, since anyone looked. */
  hits = 0;
  /** What it is worth to keep. */
  credit = 0;
  /** From the wish to have it until a first thread could run it, in ms; a guess before that. */
  loadMs = 1;
  readonly #wantedAt = performance.now();
  /** The file, while threads still have to load from it. */
  file: ModelFile | undefined;
  /** About how long a thread works on one request, in ns: a moving average; 0 before the first. */
  serviceNs = 0;
  /** Whether it runs on the main thread too. */
  inline = false;
  /** Its prepared form, held as long as threads may have mapped it. */
  prepared: PreparedModel | undefined;
  /** Its prepared form is in the making: threads that don't hold the model yet wait for that. */
  preparing = false;
  /** No thread could load its prepared form: it does without. */
  unfit = false;
  /** Threads that hold a copy of its file's weights, where they could map prepared ones. */
  readonly outdated = new Set<ModelThread>();
  readonly #threadCount: number;
  /** What each thread's session took of memory. */
  readonly #measured = new Map<ModelThread, number>();
  /** No longer in the cache: it ends with its last reference. */
  dropped = false;

  constructor(model: ServableModel, session: number, threads: number) {
    this.model = model;
    this.session = session;
    this.#threadCount = threads;
    this.bytes = model.bytes * threads;
  }

  /** Where a thread loads it from; undefined when none needs to any more. */
  get source(): ModelSource | undefined {
    if (this.prepared) return { path: this.prepared.path, prepared: true };
    return this.file && { path: this.file.path, prepared: false };
  }

  /** There is a prepared form now: threads that hold the model load it again, from there. */
  changeTo(form: PreparedModel): void {
    this.prepared = form;
    for (const thread of this.threads) this.outdated.add(thread);
  }

  /** Whether the thread should load it, from what there is. */
  isWantedIn(thread: ModelThread): boolean {
    if (!this.source || this.preparing || this.dropped || this.threads.size === 0) return false;
    return !this.threads.has(thread) || this.outdated.has(thread);
  }

  /** A thread holds it now, and its memory grew by `bytes` for that; undefined: nobody can tell. */
  loadedInto(thread: ModelThread, bytes: number | undefined): void {
    this.threads.add(thread);
    this.outdated.delete(thread);
    if (bytes === undefined) this.#measured.delete(thread);
    else this.#measured.set(thread, bytes);
    // Prepared weights are mapped, by all threads together; else each has its copy, whose memory
    // may be one that was freed before, so that nothing grew.
    const copied = this.prepared ? 0 : this.model.bytes;
    let sum = this.prepared ? this.model.bytes : 0;
    for (const each of this.#measured.values()) sum += Math.max(each, copied);
    this.bytes = sum + (this.#threadCount - this.#measured.size) * copied;
  }

  /** Counts that `requests` requests took a thread `ns` nanoseconds. */
  served(requests: number, ns: number): void {
    const each = ns / requests;
    this.serviceNs += (this.serviceNs === 0 ? 1 : SMOOTHING) * (each - this.serviceNs);
  }

  /** A first thread can run it. */
  arrived(): void {
    this.loadMs = performance.now() - this.#wantedAt;
  }

  get name(): string {
    return `model \`${this.model.model}\` version ${this.model.version}`;
  }
}
