import type { Assessment } from '../evaluation/assessment.ts';
import type { GraphFacts } from '../graph/facts.ts';
import type { AliasName, Digest, Fingerprint, ModelName, RolloutId, Version } from '../ids.ts';
import type { Batching } from '../inference/batching.ts';
import type { Signature } from '../protocol/tensor.ts';
import type { Rollout } from '../rollout/rollout.ts';
import type { Card } from './card.ts';
import type { ModelEvent } from './events.ts';

export interface Share {
  readonly version: Version;
  /** 0–100. */
  readonly percent: number;
}

/** Which versions take a model's traffic; undefined members take none. */
export interface Routing {
  readonly production?: Version;
  readonly candidate?: Share;
  readonly shadow?: Share;
}

/** A version as its model's aggregate knows it; all detail stands in the submission and verdict. */
export type VersionEntry = {
  readonly version: Version;
  readonly fingerprint: Fingerprint;
  /** RFC 3339. */
  readonly createdAt: string;
} & (
  | { readonly state: 'pending' }
  | { readonly state: 'validating' }
  | { readonly state: 'ready' }
  | { readonly state: 'rejected' }
  | { readonly state: 'retired'; readonly retiredAt: string }
);
export type VersionState = VersionEntry['state'];

/**
 * The aggregate of one model: every change of what is routed, named or servable is ONE conditional
 * replace of this record, so that no two honest writers can route a version that isn't ready.
 */
export interface ModelRecord {
  readonly model: ModelName;
  /** Counts the lives of the name: raised by DELETE, so that late writers of the old life stop. */
  readonly incarnation: number;
  /** A tombstone: no versions, but the counters go on from here when the name is used again. */
  readonly deleted?: { readonly at: string };
  /** Earlier incarnations whose artifacts are owed removal. */
  readonly purges: readonly number[];
  /** The API's ETag: raised by changes of routing, aliases or rollouts only. */
  readonly generation: number;
  readonly nextVersion: number;
  readonly nextEvent: number;
  readonly routing: Routing;
  readonly aliases: Readonly<Record<AliasName, Version>>;
  /**
   * The productions before the one that stands, the latest at the end: where a rollback goes.
   * Absent: none.
   */
  readonly formerly?: readonly Version[];
  /**
   * The rollout that runs or is paused, else the last one that ended: it stays until another one
   * begins, whose writer copies it out to a document of its own first, as events are.
   */
  readonly rollout?: Rollout;
  /** What Idempotency-Keys of the last day stand for, oldest first. Absent: none. */
  readonly keys?: readonly UsedKey[];
  /** Ascending by version. */
  readonly versions: readonly VersionEntry[];
  /**
   * The newest events, which stand in no document of their own yet; never empty. A write that makes
   * new ones true drops these, after they were copied out.
   */
  readonly events: readonly ModelEvent[];
}

/** An Idempotency-Key that a change of this model came with; written with that change. */
export interface UsedKey {
  /** A hash of the key, the caller and the path. */
  readonly key: string;
  /** A hash of what was asked for. */
  readonly fingerprint: string;
  /** Ms since the epoch. */
  readonly at: number;
  /** The rollout that came of it, where one did. */
  readonly rollout?: RolloutId;
}

/** What was registered, before anyone examined it; named by its fingerprint, never changed. */
export interface Submission {
  readonly model: ModelName;
  readonly incarnation: number;
  readonly fingerprint: Fingerprint;
  readonly digest: Digest;
  /** Size of the ONNX file. */
  readonly bytes: number;
  readonly card: Card;
  readonly evaluation?: { readonly digest: Digest; readonly bytes: number };
  /** Of the work that brought it first: what is done for it again belongs to that. */
  readonly traceparent?: string;
}

/**
 * The examination's outcome; the first one that is written counts. It stands before the record says
 * `ready` or `rejected`.
 */
export interface Verdict {
  readonly model: ModelName;
  readonly incarnation: number;
  readonly version: Version;
  readonly decidedAt: string;
  readonly digest: Digest;
  readonly bytes: number;
  /** As it counts: with what the registered card left out taken from production's. */
  readonly card: Card;
  /**
   * What became of the readiness gates, in short; the whole assessment is the artifact `report.json`
   * of that digest. Absent where the examination did not get that far.
   */
  readonly assessment?: AssessmentSummary;
  readonly outcome:
    | {
        readonly kind: 'ready';
        readonly signature: Signature;
        readonly facts: GraphFacts;
        readonly warnings: readonly string[];
        readonly loadMs: number;
        readonly runMs?: number;
        readonly batching?: Batching;
      }
    | {
        readonly kind: 'rejected';
        readonly reasons: readonly string[];
        readonly facts?: GraphFacts;
      };
}

/** Of an assessment, what a rollout must know without reading it all. */
export interface AssessmentSummary
  extends Pick<Assessment, 'evaluation' | 'compatibility' | 'gates'> {
  /** Of the artifact `report.json`. */
  readonly digest: Digest;
  readonly bytes: number;
  /** Why a rollout that starts by itself waits for somebody: too few labelled rows. Absent: it needn't. */
  readonly holds?: string;
}
