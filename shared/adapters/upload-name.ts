import { ServingError } from '../errors.ts';
import { quoted } from '../ids.ts';

const PREFIX = 'uploads/';
/** Azure's limit. */
export const MAX_BLOB_NAME_LENGTH = 1024;

/**
 * The name within the container `uploads` of a blob that a caller named. A segment `..` would lead
 * out of the container once the name stands in a URL. @throws ServingError `malformed`
 */
export function uploadName(blob: string): string {
  const name = blob.slice(PREFIX.length);
  const segments = name.split('/');
  if (
    !blob.startsWith(PREFIX) ||
    name.length > MAX_BLOB_NAME_LENGTH ||
    /[\\\u0000-\u001f\u007f]/.test(name) ||
    segments.some((segment) => segment === '' || segment === '.' || segment === '..')
  ) {
    throw new ServingError({
      kind: 'malformed',
      detail: `blob: expected "uploads/…" as POST /uploads answered it, got ${quoted(blob)}`,
    });
  }
  return name;
}
