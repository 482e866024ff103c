interface Event {
  readonly at: number;
  /** Events of the same time happen in the order in which they were planned. */
  readonly number: number;
  readonly happen: () => void;
}

/** What is to happen, by time in milliseconds: a binary heap. */
export class Events {
  readonly #heap: Event[] = [];
  #planned = 0;
  #now = 0;

  get now(): number {
    return this.#now;
  }

  /** @throws Error for a time that has passed */
  plan(at: number, happen: () => void): void {
    if (!(at >= this.#now)) throw new Error(`planned for ${at} ms, and it is ${this.#now} ms`);
    const event = { at, number: this.#planned++, happen };
    let index = this.#heap.length;
    while (index > 0) {
      const parent = (index - 1) >> 1;
      const above = this.#heap[parent];
      if (!above || before(above, event)) break;
      this.#heap[index] = above;
      index = parent;
    }
    this.#heap[index] = event;
  }

  after(ms: number, happen: () => void): void {
    this.plan(this.#now + ms, happen);
  }

  /** Lets the next thing happen, unless there is none or it is later than `until`. */
  next(until: number): boolean {
    const [first] = this.#heap;
    if (!first || first.at > until) return false;
    const last = this.#heap.pop();
    if (last && last !== first) this.#sink(last);
    this.#now = first.at;
    first.happen();
    return true;
  }

  #sink(event: Event): void {
    const heap = this.#heap;
    let index = 0;
    for (;;) {
      let child = 2 * index + 1;
      let below = heap[child];
      const other = heap[child + 1];
      if (below && other && before(other, below)) {
        below = other;
        child += 1;
      }
      if (!below || before(event, below)) break;
      heap[index] = below;
      index = child;
    }
    heap[index] = event;
  }
}

function before(one: Event, other: Event): boolean {
  return one.at < other.at || (one.at === other.at && one.number < other.number);
}
