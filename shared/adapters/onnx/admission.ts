import type { ServingError } from '../../errors.ts';
import type { RequestQueue } from '../../inference/request-queue.ts';
import { deadlineFailure, fullFailure, lateFailure } from './engine-failure.ts';
import type { EngineOptions } from './engine-options.ts';
import type { InlineRunner } from './inline-runner.ts';
import type { LoadedModel } from './loaded-model.ts';
import type { Pending, PendingRequest } from './pending-request.ts';

interface AdmissionParts {
  readonly options: Pick<EngineOptions, 'maxQueuedRequests' | 'maxQueuedBytes' | 'threads'>;
  readonly queue: RequestQueue<Pending>;
  readonly inline: InlineRunner;
  /** Something waits whose model is loaded. */
  readonly pump: () => void;
}

/** Lets work wait for a thread, until its deadline, or refuses it at once. */
export class Admission {
  readonly #parts: AdmissionParts;

  constructor(parts: AdmissionParts) {
    this.#parts = parts;
  }

  request(request: PendingRequest, deadline: number): void {
    const { inline } = this.#parts;
    if (inline.takes(request)) {
      inline.enqueue(request);
      return;
    }
    const late = this.#lateness(request.loaded, deadline);
    if (late) request.reject(late);
    else this.enqueue(request, deadline);
  }

  enqueue(pending: Pending, deadline: number): void {
    const { options, queue, pump } = this.#parts;
    const { loaded } = pending;
    if (!queue.push(pending)) {
      pending.reject(fullFailure(queue, options));
      return;
    }
    pending.atDeadline(deadline, () => {
      queue.remove(pending);
      pending.reject(deadlineFailure(loaded));
    });
    if (loaded.threads.size > 0) pump();
  }

  /** Refuses what would only be given up later: what waits already takes longer than there is time. */
  #lateness(loaded: LoadedModel, deadline: number): ServingError | undefined {
    const { options, queue } = this.#parts;
    if (loaded.threads.size === 0 || loaded.serviceNs === 0) return undefined;
    const waitMs = queue.serviceNs / options.threads / 1e6;
    const neededMs = waitMs + loaded.serviceNs / 1e6;
    if (queue.requests === 0 || Date.now() + neededMs <= deadline) return undefined;
    return lateFailure(waitMs);
  }
}
