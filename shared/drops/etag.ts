/**
 * An ETag as headers have it: lists and events of the storage service tell it without its quotes, and
 * conditions need them.
 */
export function quotedTag(etag: string): string {
  return etag.startsWith('"') ? etag : `"${etag}"`;
}
