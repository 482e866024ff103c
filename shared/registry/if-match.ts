import { ServingError } from '../errors.ts';
import { quoted } from '../ids.ts';
import type { ModelRecord } from './model-record.ts';

/** What a caller's If-Match allows: any model that exists, or one of these entity tags. */
export type IfMatch = '*' | readonly string[];

const TAGS = /^\s*(?:(?:W\/)?"[\x21\x23-\x7e\x80-\xff]*"\s*(?:,\s*)*)+$/;
const TAG = /(?:W\/)?("[\x21\x23-\x7e\x80-\xff]*")/g;

/** The entity tag of a model: its generation. */
export function etagOf(record: ModelRecord): string {
  return `"${record.generation}"`;
}

/**
 * Reads an If-Match header (RFC 9110, 13.1.1). Weak tags count like strong ones: proxies that
 * compress make them weak, and a generation is the same whatever the bytes that carried it.
 * @throws ServingError `malformed`
 */
export function parseIfMatch(header: string | null | undefined): IfMatch | undefined {
  if (header === null || header === undefined) return undefined;
  if (header.trim() === '*') return '*';
  if (!TAGS.test(header)) {
    throw new ServingError({
      kind: 'malformed',
      detail: `If-Match: expected * or entity tags in double quotes as ETag gave them, got ${quoted(header)}`,
    });
  }
  return Array.from(header.matchAll(TAG), ([, tag]) => tag ?? '');
}

/** @throws ServingError `stale` when the record is not what the caller means to change */
export function requireMatch(record: ModelRecord, ifMatch: IfMatch | undefined): void {
  if (ifMatch === undefined || ifMatch === '*' || ifMatch.includes(etagOf(record))) return;
  throw new ServingError({
    kind: 'stale',
    detail: `model ${record.model} has changed: If-Match named ${ifMatch.join(', ')}, its ETag is ${etagOf(record)}; read it again`,
  });
}
