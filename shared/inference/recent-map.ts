/** A map that forgets the least recently used entry beyond a size: caches must be bounded. */
export class RecentMap<Key, Value> {
  readonly #maxEntries: number;
  readonly #entries = new Map<Key, Value>();
  /** The entry that was used last: it stands at the end already. */
  #latest: Key | undefined;

  constructor(maxEntries: number) {
    this.#maxEntries = maxEntries;
  }

  /** Reading counts as use. */
  get(key: Key): Value | undefined {
    const value = this.#entries.get(key);
    if (value !== undefined && key !== this.#latest) {
      this.#latest = key;
      this.#entries.delete(key);
      this.#entries.set(key, value);
    }
    return value;
  }

  set(key: Key, value: Value): void {
    this.#latest = key;
    this.#entries.delete(key);
    this.#entries.set(key, value);
    if (this.#entries.size <= this.#maxEntries) return;
    for (const oldest of this.#entries.keys()) {
      this.#entries.delete(oldest);
      return;
    }
  }

  delete(key: Key): void {
    this.#entries.delete(key);
  }

  /** Least recently used first. */
  values(): Iterable<Value> {
    return this.#entries.values();
  }
}
