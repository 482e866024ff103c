import { ServingError } from '../errors.ts';
import type { Fingerprint, ModelName, Version } from '../ids.ts';
import type { ModelEvent } from '../registry/events.ts';
import type { ModelRecord, Submission, Verdict } from '../registry/model-record.ts';
import { owesPurge, pendingSince } from '../registry/unfinished.ts';

/** Cosmos takes 2 MB; what it counts on top of the text leaves room below. */
export const MAX_DOCUMENT_BYTES = 1_500_000;
/** Cosmos: at most 255 characters, none of these. */
const MAX_ID_LENGTH = 255;
const FORBIDDEN_IN_ID = /[/\\?#]/;

/**
 * A document of the registry. `body` is what the domain knows; beside it stand the key and what
 * queries look for. `model` is the partition key.
 */
export interface RegistryDocument<Body = unknown> {
  readonly id: string;
  readonly model: string;
  readonly kind: 'model' | 'submission' | 'verdict' | 'event';
  readonly body: Body;
  /** Of a `model`: true for a tombstone. */
  readonly deleted?: boolean;
  /** Of a `model`: since when an undecided version waits, ms since the epoch. */
  readonly pendingSince?: number;
  /** Of a `model`: true while artifacts of an earlier life are to be removed. */
  readonly purgeOwed?: boolean;
  /** Of an `event`. */
  readonly seq?: number;
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

export function modelDocument(record: ModelRecord): RegistryDocument<ModelRecord> {
  const waiting = pendingSince(record);
  return checked({
    id: MODEL_ID,
    model: record.model,
    kind: 'model',
    body: record,
    deleted: record.deleted !== undefined,
    purgeOwed: owesPurge(record),
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

/**
 * Holds a document to Azure's limits, because emulators don't: what fails on Azure fails everywhere.
 * @throws ServingError `malformed` for an id, `conflict` for a size that can't be stored
 */
function checked<Body>(document: RegistryDocument<Body>): RegistryDocument<Body> {
  const { id } = document;
  if (id.length > MAX_ID_LENGTH) {
    throw new ServingError({
      kind: 'malformed',
      detail: `document id: expected at most ${MAX_ID_LENGTH} characters, got ${id.length}: ${id.slice(0, 40)}…`,
    });
  }
  if (FORBIDDEN_IN_ID.test(id)) {
    throw new ServingError({
      kind: 'malformed',
      detail: `document id: expected none of / \\ ? #, got ${JSON.stringify(id)}`,
    });
  }
  const bytes = Buffer.byteLength(JSON.stringify(document));
  if (bytes > MAX_DOCUMENT_BYTES) {
    throw new ServingError({
      kind: 'conflict',
      detail: `document ${id} of model ${document.model}: expected at most ${MAX_DOCUMENT_BYTES} bytes, got ${bytes}`,
    });
  }
  return document;
}
