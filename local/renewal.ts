/** Renews a lock every half of its length, until it is stopped or a renewal fails. */
export class Renewal {
  #timer: NodeJS.Timeout | undefined;
  #running: Promise<void> = Promise.resolve();
  readonly #failed: (error: unknown) => void;

  constructor(lockMs: number, renew: () => Promise<void>, failed: (error: unknown) => void) {
    this.#failed = failed;
    this.#schedule(lockMs / 2, renew);
  }

  /** Resolves when no renewal is under way any more. */
  async stop(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    await this.#running;
    clearTimeout(this.#timer);
  }

  #schedule(ms: number, renew: () => Promise<void>): void {
    this.#timer = setTimeout(() => {
      this.#running = renew().then(() => {
        this.#schedule(ms, renew);
      }, this.#failed);
    }, ms);
  }
}
