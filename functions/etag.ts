import { ServingError } from '../shared/errors.ts';
import { quoted } from '../shared/ids.ts';

// RFC 9110, 13.1: entity tags are quoted, may be weak (W/"…"), and come in lists.
const TAG = /^(W\/)?("[\x21\x23-\x7e\x80-\xff]*")$/;

/**
 * Whether `If-Match` allows a change of what now has the strong tag `etag` (quotes included,
 * undefined when it doesn't exist). No header allows it; weak tags never match.
 * @throws ServingError `malformed`
 */
export function ifMatchHolds(header: string | null, etag: string | undefined): boolean {
  if (header === null) return true;
  if (header.trim() === '*') return etag !== undefined;
  return tags(header, 'If-Match').some(({ weak, tag }) => !weak && tag === etag);
}

/** Whether `If-None-Match` says that the caller has `etag` already (304). Weak tags match too. */
export function ifNoneMatchHas(header: string | null, etag: string): boolean {
  if (header === null) return false;
  if (header.trim() === '*') return true;
  return tags(header, 'If-None-Match').some(({ tag }) => tag === etag);
}

function tags(header: string, name: string): { weak: boolean; tag: string }[] {
  // A comma may stand inside the quotes.
  const items = header.match(/(?:[^,"]|"[^"]*"?)+/g) ?? [];
  return items
    .map((item) => item.trim())
    .filter((item) => item !== '')
    .map((item) => {
      const found = TAG.exec(item);
      if (!found?.[2]) {
        throw new ServingError({
          kind: 'malformed',
          detail: `${name}: expected "*" or quoted entity tags, got ${quoted(header)}`,
        });
      }
      return { weak: found[1] !== undefined, tag: found[2] };
    });
}
