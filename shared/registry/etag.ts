import { ServingError } from '../errors.ts';
import type { ModelRecord } from './model-record.ts';

/** Whether a caller's If-Match allows to change what has this entity tag (quotes included). */
export type Precondition = (etag: string) => boolean;

/** The entity tag of a model: its generation. */
export function etagOf(record: ModelRecord): string {
  return `"${record.generation}"`;
}

/** @throws ServingError `stale` when the record is not what the caller means to change */
export function requireMatch(record: ModelRecord, allows: Precondition): void {
  const etag = etagOf(record);
  if (allows(etag)) return;
  throw new ServingError({
    kind: 'stale',
    detail: `model ${record.model} has changed: its ETag is ${etag} and If-Match names another; read it again`,
  });
}
