import type { Digest } from '../ids.ts';
import type { ArtifactRef, ContentCheck } from './artifacts.ts';

/** A body that was received, on local disk until it is discarded. */
export interface SpooledFile {
  readonly path: string;
  readonly digest: Digest;
  readonly bytes: number;
  /** Removes the file; again is no error. */
  discard(): Promise<void>;
}

/** Local disk for bodies while they are received, bounded over all of them. */
export interface Spool {
  /**
   * Writes a stream to a file of its own while hashing it; nothing is left behind on failure.
   * @throws ServingError `tooLarge` (beyond `maxBytes`; `what` names it), `overloaded` (no room left)
   */
  write(
    source: AsyncIterable<Uint8Array>,
    limit: { what: string; maxBytes: number; check?: ContentCheck },
  ): Promise<SpooledFile>;
}

/** An artifact on local disk, verified; it stays there until every holder has released it. */
export interface ModelFile {
  readonly path: string;
  /** Its bytes from `start` to before `end`. It needs no hold, and ends early rather than error. */
  stream(start: number, end: number): Promise<ReadableStream<Uint8Array>>;
  /** Gives the hold up; again is no error. */
  release(): void;
}

/** Artifacts kept on local disk, within a bound. */
export interface ModelFiles {
  /**
   * Brings an artifact of `bytes` bytes to local disk, once however many ask, and holds it there.
   * @throws ServingError `damaged` (not what its digest says, or gone), `tooLarge` (beyond the whole
   * bound), `overloaded` (the bound is taken by files in use), `unavailable`
   */
  open(ref: ArtifactRef, bytes: number): Promise<ModelFile>;
}
