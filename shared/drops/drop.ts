import type { Digest, DropId, Fingerprint, ModelName, RolloutId, Version } from '../ids.ts';

/** Who registers and rolls out dropped models, in a model's history. */
export const DROP = 'drop';

/** A blob of `incoming/`, as it was when it had that ETag. */
export interface DroppedBlob {
  /** Within the container: `{model}/…/{name}.onnx`. */
  readonly path: string;
  readonly etag: string;
  readonly bytes: number;
}

/**
 * What was made of the first sight of a dropped model, with the card and evaluation that lay beside
 * it then; every later delivery goes by it.
 */
export interface Drop {
  readonly id: DropId;
  readonly model: ModelName;
  readonly path: string;
  readonly etag: string;
  /** The model's life in which it was taken: one that is deleted later takes it along. */
  readonly incarnation: number;
  /** RFC 3339. */
  readonly takenAt: string;
  /** What was submitted; undefined where it was refused before. */
  readonly submitted?: { readonly fingerprint: Fingerprint; readonly digest: Digest };
  readonly status: DropStatus;
}

/**
 * `taken`: it is to become a version. `registered`: it is one, and waits for its examination, or
 * (`waits` says for what) for its turn. `decided`: what becomes of it is settled, a report is owed.
 * `settled`: nothing is left to be done.
 */
export type DropStatus =
  | { readonly state: 'taken' }
  | { readonly state: 'registered'; readonly version: Version; readonly waits?: string }
  | ({ readonly state: 'decided' } & DropEnd)
  | ({ readonly state: 'settled' } & DropEnd);

/** What became of a dropped model. */
export interface DropEnd {
  /** RFC 3339. */
  readonly decidedAt: string;
  /** There unless it was refused or its model deleted before it became one. */
  readonly version?: Version;
  readonly outcome: DropOutcome;
  /** For people: why, and what they can do. */
  readonly reasons: readonly string[];
  /** What it started; it may have ended since. */
  readonly rollout?: RolloutId;
}

export type DropOutcome =
  /** It could not be registered. */
  | 'refused'
  /** Its examination found it unfit. */
  | 'rejected'
  /** It takes all traffic, by being the first or because it did already. */
  | 'production'
  /** It is ready, and traffic is for people to give. */
  | 'ready'
  | 'rollingOut'
  /** It is ready, but its rollout could not begin. */
  | 'held'
  /** It was retired, or its model deleted, before it came to anything. */
  | 'gone';
