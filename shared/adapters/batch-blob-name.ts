import type { BatchId } from '../batch/job.ts';
import { parseOutputPrefix } from '../batch/output-prefix.ts';
import { groupOf } from '../batch/receipt.ts';
import { isBlobName } from '../blob-name.ts';
import { ServingError } from '../errors.ts';
import { quoted } from '../ids.ts';
import type { ResultRef } from '../ports/batches.ts';

// Names of the blobs of batch jobs, within the container `batches`.

/** The most digits of a group's and of a chunk's number, so that names sort as the numbers do. */
const GROUP_DIGITS = 3;
const CHUNK_DIGITS = 5;

/** What the names of all blobs of a job begin with, but of results that it was told to put elsewhere. */
export function folderOf(id: BatchId): string {
  return `${id}/`;
}

/** A blob of the job's folder. @throws ServingError `malformed` */
export function fileName(id: BatchId, name: string): string {
  const full = `${folderOf(id)}${name}`;
  if (isBlobName(full)) return full;
  throw new ServingError({ kind: 'malformed', detail: `blob: not a name: ${quoted(full)}` });
}

export function receiptPrefix(id: BatchId, group: number): string {
  return `${folderOf(id)}done/${String(group).padStart(GROUP_DIGITS, '0')}/`;
}

export function receiptName(id: BatchId, chunk: number): string {
  return `${receiptPrefix(id, groupOf(chunk))}${String(chunk).padStart(CHUNK_DIGITS, '0')}`;
}

export function groupPrefix(id: BatchId): string {
  return `${folderOf(id)}groups/`;
}

export function groupName(id: BatchId, group: number): string {
  return `${groupPrefix(id)}${String(group).padStart(GROUP_DIGITS, '0')}`;
}

/** The number that the name of a receipt or of a group ends with. */
export function numberOfName(name: string): number {
  return Number(name.slice(name.lastIndexOf('/') + 1));
}

/** @throws ServingError `malformed` (the prefix) */
export function resultName({ id, prefix, result, format }: ResultRef): string {
  const folder = prefix === undefined ? id : parseOutputPrefix(prefix);
  return `${folder}/${result}.${format}`;
}

/** Every result that a job may have left below a prefix. */
export function resultNames(id: BatchId, prefix: string): string[] {
  return (['output', 'errors'] as const).flatMap((result) =>
    (['csv', 'jsonl'] as const).map((format) => resultName({ id, prefix, result, format })),
  );
}

/** Containers whose blobs may be read as rows. */
export type RowContainer = 'uploads' | 'batches';

/** A blob's container and its name there. @throws ServingError `malformed` */
export function splitRowBlob(blob: string): { container: RowContainer; name: string } {
  const slash = blob.indexOf('/');
  const container = blob.slice(0, slash);
  const name = blob.slice(slash + 1);
  if ((container === 'uploads' || container === 'batches') && isBlobName(name)) {
    return { container, name };
  }
  throw new ServingError({
    kind: 'malformed',
    detail: `blob: expected "uploads/…" as POST /uploads answered it, or "batches/…", got ${quoted(blob)}`,
  });
}
