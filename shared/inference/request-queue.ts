/** What a waiting request weighs, and how urgent it is: 0 default, 1 highest, 3 lowest. */
export interface Waiting {
  readonly priority: number;
  readonly bytes: number;
  /** About how long a thread will work on it, in ns. */
  readonly serviceNs: number;
}

/** What may wait at most. */
export interface QueueBounds {
  readonly maxRequests: number;
  readonly maxBytes: number;
}

/** The default priority counts as the middle one. */
const LEVELS = [1, 2, 3] as const;
const levelOf = (priority: number): number => (priority === 0 ? 2 : Math.min(priority, 3));

/** A bounded queue: first in, first out within a priority, and the higher priority first. */
export class RequestQueue<Item extends Waiting> {
  readonly #bounds: QueueBounds;
  // A Set keeps insertion order and removes from the middle in constant time.
  readonly #levels = new Map<number, Set<Item>>(LEVELS.map((level) => [level, new Set()]));
  #requests = 0;
  #bytes = 0;
  #serviceNs = 0;

  constructor(bounds: QueueBounds) {
    this.#bounds = bounds;
  }

  get requests(): number {
    return this.#requests;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** About how long one thread would work on all that waits, in ns. */
  get serviceNs(): number {
    return this.#serviceNs;
  }

  /** Adds at the end; false when that would pass a bound (an empty queue takes any one request). */
  push(item: Item): boolean {
    const over =
      this.#requests >= this.#bounds.maxRequests ||
      (this.#requests > 0 && this.#bytes + item.bytes > this.#bounds.maxBytes);
    if (over) return false;
    this.#levels.get(levelOf(item.priority))?.add(item);
    this.#requests++;
    this.#bytes += item.bytes;
    this.#serviceNs += item.serviceNs;
    return true;
  }

  /** Takes the first request that fits, if any. */
  take(fits: (item: Item) => boolean): Item | undefined {
    for (const item of this.items()) {
      if (fits(item)) {
        this.remove(item);
        return item;
      }
    }
    return undefined;
  }

  /** Takes one request out; false when it was not (or no longer) waiting. */
  remove(item: Item): boolean {
    if (!this.#levels.get(levelOf(item.priority))?.delete(item)) return false;
    this.#requests--;
    this.#bytes -= item.bytes;
    this.#serviceNs -= item.serviceNs;
    return true;
  }

  /** Everything that waits, in the order in which it would be taken. */
  *items(): Iterable<Item> {
    for (const level of LEVELS) yield* this.#levels.get(level) ?? [];
  }
}
