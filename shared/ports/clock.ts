/** Milliseconds since the epoch. */
export type Clock = () => number;

/** A value as it was read, and the tag that a conditional write must present. */
export interface Stored<T> {
  readonly value: T;
  readonly etag: string;
}
