import type { TensorData } from './tensor.ts';

/** Where a tensor's elements go as they are read at a cursor, in order. */
export interface ElementSink {
  /** Complete after `finish`. */
  readonly data: TensorData;
  /** Reads the element at the cursor as the one with this index. @throws ServingError `malformed` */
  one(index: number): void;
  /**
   * Reads elements from `index` on, below `limit`, and the commas between them, as long as they are
   * ordinary; answers the index after the last. Where it stops, `one` reads on or refuses.
   */
  run(index: number, limit: number): number;
  finish(): void;
}

/** What the elements are of; `where` begins every refusal. */
export interface ElementsWanted {
  readonly where: string;
  readonly count: number;
}
