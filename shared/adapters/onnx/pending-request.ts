import type { Waiting } from '../../inference/request-queue.ts';
import type { InferJob, ScoreAnswer, ScoreJob } from '../../ports/engine.ts';
import type { LoadedModel } from './loaded-model.ts';
import { monotonicNs, type RunAnswer, type RunRequest } from './thread-protocol.ts';

/** Who waits for an answer. */
export interface Caller<Answer> {
  resolve(answer: Answer): void;
  reject(error: Error): void;
  /** Called once, before either. */
  settled(): void;
}

/** Work for a model that was taken, until it is answered or given up. */
abstract class PendingWork<Answer> implements Waiting {
  readonly loaded: LoadedModel;
  readonly priority: number;
  readonly bytes: number;
  readonly serviceNs: number;
  readonly #caller: Caller<Answer>;
  #settled = false;
  #timer: NodeJS.Timeout | undefined;

  constructor(
    loaded: LoadedModel,
    { priority, bytes, serviceNs }: Waiting,
    caller: Caller<Answer>,
  ) {
    this.loaded = loaded;
    this.priority = priority;
    this.bytes = bytes;
    this.serviceNs = serviceNs;
    this.#caller = caller;
  }

  /** A run can't be stopped; whoever waits for it can be answered: `giveUp` is called then. */
  atDeadline(deadline: number, giveUp: () => void): void {
    this.#timer = setTimeout(giveUp, Math.max(0, deadline - Date.now()));
  }

  resolve(answer: Answer): void {
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

/** A request, which may share its run with others. */
export class PendingRequest extends PendingWork<RunAnswer> {
  readonly kind = 'request';
  readonly request: RunRequest;

  constructor(loaded: LoadedModel, job: InferJob, caller: Caller<RunAnswer>) {
    const { body, headerLength, contentEncoding, acceptEncoding, priority, observe } = job;
    // Nobody need reckon with the time of what is only looked into: it waits for everybody.
    const serviceNs = observe === 'only' ? 0 : loaded.serviceNs;
    super(loaded, { priority, bytes: body.byteLength, serviceNs }, caller);
    this.request = {
      body,
      headerLength,
      contentEncoding,
      acceptEncoding,
      arrivedAt: monotonicNs(),
      observe,
    };
  }
}

/** Everybody goes before rows of batch jobs. */
const LOWEST_PRIORITY = 3;

/** A piece of a batch job's rows. */
export class PendingScore extends PendingWork<ScoreAnswer> {
  readonly kind = 'score';
  readonly job: ScoreJob;

  constructor(loaded: LoadedModel, job: ScoreJob, caller: Caller<ScoreAnswer>) {
    // Requests need not reckon with the time it takes: it waits for them.
    super(loaded, { priority: LOWEST_PRIORITY, bytes: job.rows.byteLength, serviceNs: 0 }, caller);
    this.job = job;
  }
}

export type Pending = PendingRequest | PendingScore;
