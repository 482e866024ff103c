import type { DroppedBlob } from '../drops/drop.ts';
import type { Digest, ModelName } from '../ids.ts';

/** Names a file of a model's life by the SHA-256 of its bytes. */
export interface ArtifactRef {
  readonly model: ModelName;
  readonly incarnation: number;
  readonly digest: Digest;
  readonly name: 'model.onnx' | 'evaluation.csv' | 'report.json';
}

/** Files named by their SHA-256; what is stored under a ref never changes. */
export interface ArtifactStore {
  /** Stores a local file whose digest is `ref.digest`; one that stands already is left as it is. */
  put(ref: ArtifactRef, file: string): Promise<void>;
  /**
   * Takes over a blob of `uploads/`: hashes it pinned by its ETag, then copies exactly those bytes.
   * `name` says what it becomes. @throws ServingError `malformed` (no such blob, not in uploads/,
   * empty, or what `check` throws), `tooLarge`, `conflict` (it changed meanwhile)
   */
  adopt(
    blob: string,
    into: Omit<ArtifactRef, 'digest'>,
    limits: { maxBytes: number; check?: ContentCheck },
  ): Promise<{ digest: Digest; bytes: number }>;
  /**
   * As `adopt`, of a dropped blob as it was when it had that ETag. @throws ServingError `conflict` (it
   * has changed, or is gone), `malformed` (empty, or what `check` throws), `tooLarge`
   */
  adoptDropped(
    blob: DroppedBlob,
    into: Omit<ArtifactRef, 'digest'>,
    limits: { maxBytes: number; check?: ContentCheck },
  ): Promise<{ digest: Digest; bytes: number }>;
  /**
   * Downloads to `file` in parallel ranges pinned by ETag; false when absent. The bytes are
   * verified against the digest before it resolves. @throws ServingError `damaged`
   */
  fetch(ref: ArtifactRef, file: string): Promise<boolean>;
  /** Removes every artifact of one incarnation of a model; again is no error. */
  purge(model: ModelName, incarnation: number): Promise<void>;
  /** Resolves when the storage answers. @throws ServingError `unavailable` */
  ping(): Promise<void>;
}

/** Looks at bytes as they pass: `push` or `end` throws when they are not what they must be. */
export interface ContentCheck {
  push(chunk: Uint8Array): void;
  end(): void;
}
