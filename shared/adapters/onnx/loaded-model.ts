import type { ModelFile, ServableModel } from '../../ports.ts';
import type { ModelThread } from './thread.ts';

/** Weight of the newest measurement. */
const SMOOTHING = 0.1;

/** A model on its way into the threads, in them, or on its way out. */
export class LoadedModel {
  readonly model: ServableModel;
  /** Names its sessions in the threads. */
  readonly session: number;
  /** What it counts against the budget: its file, once for each thread. */
  readonly bytes: number;
  /** The threads that can run it. */
  readonly threads = new Set<ModelThread>();
  /** Requests that wait for it or run on it. */
  references = 0;
  /** A counter's value: larger is later. */
  lastUsed = 0;
  /** The file, while threads still have to load from it. */
  file: ModelFile | undefined;
  /** About how long a thread works on one request, in ns: a moving average; 0 before the first. */
  serviceNs = 0;
  /** Whether it runs on the main thread too. */
  inline = false;
  /** No longer in the cache: it ends with its last reference. */
  dropped = false;

  constructor(model: ServableModel, session: number, threads: number) {
    this.model = model;
    this.session = session;
    this.bytes = model.bytes * threads;
  }

  /** Counts that `requests` requests took a thread `ns` nanoseconds. */
  served(requests: number, ns: number): void {
    const each = ns / requests;
    this.serviceNs += (this.serviceNs === 0 ? 1 : SMOOTHING) * (each - this.serviceNs);
  }

  get name(): string {
    return `model \`${this.model.model}\` version ${this.model.version}`;
  }
}
