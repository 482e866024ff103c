import type { Drop } from '../drops/drop.ts';
import type { DropId, Fingerprint, ModelName, RolloutId, Version } from '../ids.ts';
import type { ModelEvent } from '../registry/events.ts';
import type { ModelRecord, Submission, Verdict } from '../registry/model-record.ts';
import { owesPurge, pendingSince } from '../registry/unfinished.ts';
import { isActive, type Rollout } from '../rollout/rollout.ts';
import { withinLimits } from './document-limits.ts';

/**
 * A document of the registry. `body` is what the domain knows; beside it stand the key and what
 * queries look for. `model` is the partition key.
 */
export interface RegistryDocument<Body = unknown> {
  readonly id: string;
  readonly model: string;
  readonly kind: 'model' | 'submission' | 'verdict' | 'event' | 'rollout' | 'drop';
  readonly body: Body;
  /** Of a `model`: true for a tombstone. */
  readonly deleted?: boolean;
  /** Of a `model`: since when an undecided version waits, ms since the epoch. */
  readonly pendingSince?: number;
  /** Of a `model`: true while artifacts of an earlier life are to be removed. */
  readonly purgeOwed?: boolean;
  /** Of a `model`: true while its rollout runs or is paused. */
  readonly rollingOut?: boolean;
  /** Of an `event`. */
  readonly seq?: number;
  /** Of a `rollout`: sorts by when it began. */
  readonly place?: string;
  /** Of a `drop`: whether something is left to be done. */
  readonly unsettled?: boolean;
}

export const MODEL_ID = 'model';

export function submissionId(key: { incarnation: number; fingerprint: Fingerprint }): string {
  return `submission:${key.incarnation}:${key.fingerprint}`;
}

export function verdictId(key: { incarnation: number; version: Version }): string {
  return `verdict:${key.incarnation}:${key.version}`;
}

export function eventId(seq: number): string {
  return `event:${String(seq).padStart(12, '0')}`;
}

export function rolloutId(id: RolloutId): string {
  return `rollout:${id}`;
}

export function dropId(id: DropId): string {
  return `drop:${id}`;
}

/** Where a rollout stands among its model's: by when it began, then by id. */
export function rolloutPlace({ createdAt, id }: Pick<Rollout, 'createdAt' | 'id'>): string {
  return `${createdAt} ${id}`;
}

export function modelDocument(record: ModelRecord): RegistryDocument<ModelRecord> {
  const waiting = pendingSince(record);
  return checked({
    id: MODEL_ID,
    model: record.model,
    kind: 'model',
    body: record,
    deleted: record.deleted !== undefined,
    purgeOwed: owesPurge(record),
    rollingOut: isActive(record.rollout),
    ...(waiting !== undefined && { pendingSince: waiting }),
  });
}

export function submissionDocument(submission: Submission): RegistryDocument<Submission> {
  return checked({
    id: submissionId(submission),
    model: submission.model,
    kind: 'submission',
    body: submission,
  });
}

export function verdictDocument(verdict: Verdict): RegistryDocument<Verdict> {
  return checked({
    id: verdictId(verdict),
    model: verdict.model,
    kind: 'verdict',
    body: verdict,
  });
}

export function eventDocument(model: ModelName, event: ModelEvent): RegistryDocument<ModelEvent> {
  return checked({ id: eventId(event.seq), model, kind: 'event', seq: event.seq, body: event });
}

export function rolloutDocument(model: ModelName, rollout: Rollout): RegistryDocument<Rollout> {
  return checked({
    id: rolloutId(rollout.id),
    model,
    kind: 'rollout',
    place: rolloutPlace(rollout),
    body: rollout,
  });
}

export function dropDocument(drop: Drop): RegistryDocument<Drop> {
  return checked({
    id: dropId(drop.id),
    model: drop.model,
    kind: 'drop',
    unsettled: drop.status.state !== 'settled',
    body: drop,
  });
}

function checked<Body>(document: RegistryDocument<Body>): RegistryDocument<Body> {
  return withinLimits(document, `document ${document.id} of model ${document.model}`);
}
