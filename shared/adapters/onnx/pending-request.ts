import type { Waiting } from '../../inference/request-queue.ts';
import type { InferJob } from '../../ports.ts';
import type { LoadedModel } from './loaded-model.ts';
import { monotonicNs, type RunAnswer, type RunRequest } from './thread-protocol.ts';

/** Who waits for an answer. */
interface Caller {
  resolve(answer: RunAnswer): void;
  reject(error: Error): void;
  /** Called once, before either. */
  settled(): void;
}

/** A request that was taken, until it is answered or given up. */
export class PendingRequest implements Waiting {
  readonly loaded: LoadedModel;
  readonly request: RunRequest;
  readonly priority: number;
  readonly bytes: number;
  readonly serviceNs: number;
  readonly #caller: Caller;
  #settled = false;
  #timer: NodeJS.Timeout | undefined;

  constructor(loaded: LoadedModel, job: InferJob, caller: Caller) {
    const { body, headerLength, contentEncoding, acceptEncoding } = job;
    this.loaded = loaded;
    this.request = {
      body,
      headerLength,
      contentEncoding,
      acceptEncoding,
      arrivedAt: monotonicNs(),
    };
    this.priority = job.priority;
    this.bytes = body.byteLength;
    this.serviceNs = loaded.serviceNs;
    this.#caller = caller;
  }

  /** A run can't be stopped; whoever waits for it can be answered: `giveUp` is called then. */
  atDeadline(deadline: number, giveUp: () => void): void {
    this.#timer = setTimeout(giveUp, Math.max(0, deadline - Date.now()));
  }

  resolve(answer: RunAnswer): void {
    if (this.#settle()) this.#caller.resolve(answer);
  }

  reject(error: Error): void {
    if (this.#settle()) this.#caller.reject(error);
  }

  /** False when it was settled before. */
  #settle(): boolean {
    if (this.#settled) return false;
    this.#settled = true;
    if (this.#timer) clearTimeout(this.#timer);
    this.#caller.settled();
    return true;
  }
}
