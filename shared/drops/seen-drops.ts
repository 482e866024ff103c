/**
 * The states of dropped blobs that are known to be dealt with, so that looking through the container
 * again costs nothing for them. What a look no longer meets is forgotten with it.
 */
export class SeenDrops {
  #last = new Set<string>();

  /** Begins a look. */
  look(): DropsLook {
    const met = new Set<string>();
    const last = this.#last;
    return {
      knows: (id) => {
        const known = last.has(id);
        if (known) met.add(id);
        return known;
      },
      remember: (id) => void met.add(id),
      end: () => (this.#last = met),
    };
  }
}

/** One look through the container; `end` is for one that saw all of it. */
export interface DropsLook {
  knows(id: string): boolean;
  remember(id: string): void;
  end(): void;
}
