import { type BatchJob, hasEnded } from '../batch/job.ts';
import type { BatchKey } from '../ports/batches.ts';
import { withinLimits } from './document-limits.ts';

/** Seconds that a job's document outlives the job: the sweep needs it to find the job's blobs. */
const SWEEP_SECONDS = 7 * 86_400;

/** A document of batch jobs; its id is the partition key. Beside `body` stands what queries look for. */
export interface BatchDocument<Body = unknown> {
  readonly id: string;
  readonly kind: 'job' | 'key';
  readonly body: Body;
  /** Of a `job`: whether it is queued or running. */
  readonly unfinished?: boolean;
  /** Milliseconds since the epoch. */
  readonly expiresAt: number;
  /** Seconds from its last write until Cosmos removes it. */
  readonly ttl: number;
}

export function jobDocument(job: BatchJob, now: number): BatchDocument<BatchJob> {
  return withinLimits(
    {
      id: job.id,
      kind: 'job',
      body: job,
      unfinished: !hasEnded(job),
      expiresAt: job.expiresAt,
      ttl: secondsUntil(job.expiresAt, now) + SWEEP_SECONDS,
    },
    `document of batch ${job.id}`,
  );
}

export function keyId(key: string): string {
  return `key:${key}`;
}

export function keyDocument(entry: BatchKey, now: number): BatchDocument<BatchKey> {
  return withinLimits(
    {
      id: keyId(entry.key),
      kind: 'key',
      body: entry,
      expiresAt: entry.expiresAt,
      ttl: secondsUntil(entry.expiresAt, now),
    },
    `document of the key of batch ${entry.id}`,
  );
}

/** At least 1: Cosmos takes no less. */
function secondsUntil(expiresAt: number, now: number): number {
  return Math.max(1, Math.ceil((expiresAt - now) / 1000));
}
