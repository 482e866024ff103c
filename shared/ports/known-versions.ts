import type { Digest, ModelName, Version } from '../ids.ts';
import type { Signature } from '../protocol/tensor.ts';

/** What the registry says of a ready version, as far as serving it needs; all of it is JSON. */
export interface KnownVersion {
  readonly model: ModelName;
  readonly incarnation: number;
  readonly version: Version;
  readonly digest: Digest;
  readonly bytes: number;
  readonly signature: Signature;
  readonly batchRows: number;
  readonly inlineable: boolean;
  readonly preload: boolean;
  readonly p95Ms?: number;
}

/** Which versions this instance's disk served last, kept from one process to the next. */
export interface RecentVersions {
  /** The one used last at the end; empty when nothing is kept that can be trusted. Never throws. */
  read(): Promise<readonly KnownVersion[]>;
  /** Replaces what is kept. @throws the file system's own errors */
  write(versions: readonly KnownVersion[]): Promise<void>;
}
