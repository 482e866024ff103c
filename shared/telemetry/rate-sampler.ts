/**
 * Lets so many a second through, as they come, and says of each how many it stands for: a token
 * bucket that holds a second's.
 */
export class RateSampler {
  readonly #perMs: number;
  readonly #most: number;
  #tokens: number;
  #filledAt = 0;
  /** Seen since the last that was let through. */
  #seen = 0;

  constructor(perSecond: number) {
    this.#perMs = perSecond / 1000;
    this.#most = perSecond === 0 ? 0 : Math.max(1, perSecond);
    this.#tokens = this.#most;
  }

  /**
   * 0: not this one; else of how many it is the one, itself included. `wanted` is asked only where
   * there is room; one that isn't counts for nothing. `now` is in ms and never goes back.
   */
  take(now: number, wanted: () => boolean): number {
    if (this.#tokens < this.#most) {
      this.#tokens = Math.min(this.#most, this.#tokens + (now - this.#filledAt) * this.#perMs);
    }
    this.#filledAt = now;
    if (this.#tokens < 1) {
      this.#seen++;
      return 0;
    }
    if (!wanted()) return 0;
    const seen = this.#seen + 1;
    this.#seen = 0;
    this.#tokens--;
    return seen;
  }
}
