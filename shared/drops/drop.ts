import type { Digest, DropId, Fingerprint, ModelName, RolloutId, Version } from '../ids.ts';

/** A blob of `incoming/`, as it was when it had that ETag. */
export interface DroppedBlob {
  /** Within the container: `{model}/…/{name}.onnx`. */
  readonly path: string;
  readonly etag: string;
  readonly bytes: number;
}

/**
 * What was made of the first sight of a dropped model, with the card and evaluation that lay beside
 * it then; every later delivery goes by it. `taken`: it is a version, or will be; `settled`: nothing
 * is left to be done.
 */
export interface Drop {
  readonly id: DropId;
  readonly model: ModelName;
  readonly path: string;
  readonly etag: string;
  readonly incarnation: number;
  readonly takenAt: string;
  /** What was submitted; undefined where it was refused before. */
  readonly submitted?: { readonly fingerprint: Fingerprint; readonly digest: Digest };
  readonly status:
    | { readonly state: 'taken' }
    | { readonly state: 'registered'; readonly version: Version }
    | {
        readonly state: 'settled';
        readonly settledAt: string;
        readonly version?: Version;
        /** What became of it, for people. */
        readonly outcome: string;
        readonly rollout?: RolloutId;
      };
}
