import { isBlobName } from '../blob-name.ts';
import { ServingError } from '../errors.ts';
import { quoted } from '../ids.ts';

const PREFIX = 'uploads/';
const MAX_SAFE_NAME_LENGTH = 100;

/**
 * The name within the container `uploads` of a blob that a caller named.
 * @throws ServingError `malformed`
 */
export function uploadName(blob: string): string {
  const name = blob.slice(PREFIX.length);
  if (!blob.startsWith(PREFIX) || !isBlobName(name)) {
    throw new ServingError({
      kind: 'malformed',
      detail: `blob: expected "uploads/…" as POST /uploads answered it, got ${quoted(blob)}`,
    });
  }
  return name;
}

/** What a caller calls a file, as the last segment of a name that needs no escaping; its end is kept. */
export function safeName(name: string): string {
  const plain = name.replace(/[^A-Za-z0-9._-]+/g, '-').replace(/\.+$/, '');
  const safe = plain.slice(-MAX_SAFE_NAME_LENGTH);
  return /[A-Za-z0-9]/.test(safe) ? safe : 'file';
}
