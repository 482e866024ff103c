import { ServingError } from '../errors.ts';

/** What one request has taken of a budget. */
export interface Hold {
  /** Takes more. @throws ServingError `overloaded` when that would pass the budget */
  take(bytes: number): void;
  /** Gives everything back; again is no error. */
  release(): void;
}

/** Memory that all requests share: each takes what it is about to read before it reads it. */
export class ByteBudget {
  readonly #maxBytes: number;
  #taken = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  get taken(): number {
    return this.#taken;
  }

  hold(): Hold {
    let held = 0;
    return {
      take: (bytes) => {
        // Whoever is alone may take more than the budget: else it could never be served.
        if (this.#taken > held && this.#taken + bytes > this.#maxBytes) {
          throw new ServingError({
            kind: 'overloaded',
            detail: `bodies of ${this.#taken} bytes are being worked on already (at most ${this.#maxBytes} together)`,
            retryAfterSeconds: 1,
          });
        }
        held += bytes;
        this.#taken += bytes;
      },
      release: () => {
        this.#taken -= held;
        held = 0;
      },
    };
  }
}
