import { ServingError } from '../errors.ts';

/** Counts each caller's requests that are under way, so that one of them can't take it all. */
export class CallersUnderWay {
  readonly #maxRequests: number;
  readonly #counts = new Map<string, number>();

  constructor(maxRequests: number) {
    this.#maxRequests = maxRequests;
  }

  /** Callers that have requests under way; who has none costs nothing. */
  get size(): number {
    return this.#counts.size;
  }

  /** One more; `leave` must follow. @throws ServingError `overloaded`, and then it must not */
  enter(caller: string): void {
    const count = this.#counts.get(caller) ?? 0;
    if (count >= this.#maxRequests) {
      throw new ServingError({
        kind: 'overloaded',
        detail: `caller ${caller}: ${count} requests are under way on this instance already (at most ${this.#maxRequests}: PILOTLIGHT_MAX_REQUESTS_PER_CALLER)`,
        retryAfterSeconds: 1,
      });
    }
    this.#counts.set(caller, count + 1);
  }

  leave(caller: string): void {
    const count = this.#counts.get(caller) ?? 0;
    if (count > 1) this.#counts.set(caller, count - 1);
    else this.#counts.delete(caller);
  }
}
