import type * as z from 'zod';
import { ServingError } from '../shared/errors.ts';
import { quoted } from '../shared/ids.ts';
import type { Request } from './trigger.ts';

const DEFAULT_LIMIT = 100;
const MOST = 1000;

/** `?limit=` of a list. @throws ServingError `malformed` unless it is an integer from 1 to 1000 */
export function queryLimit(request: Pick<Request, 'query'>): number {
  const text = request.query.get('limit');
  if (text === null) return DEFAULT_LIMIT;
  const limit = /^[0-9]{1,4}$/.test(text) ? Number(text) : Number.NaN;
  if (!(limit >= 1 && limit <= MOST)) {
    throw new ServingError({
      kind: 'malformed',
      detail: `limit: expected an integer from 1 to ${MOST}, got ${quoted(text)}`,
    });
  }
  return limit;
}

/** The token that lets a list go on after `position`; opaque to callers. */
export function continuationToken(position: unknown): string {
  return Buffer.from(JSON.stringify(position)).toString('base64url');
}

/**
 * `?continuation=` of a list: the position that `continuationToken` was given, undefined at the
 * beginning. @throws ServingError `malformed` for a token that we did not make
 */
export function queryContinuation<Schema extends z.ZodType>(
  request: Pick<Request, 'query'>,
  schema: Schema,
): z.output<Schema> | undefined {
  const token = request.query.get('continuation');
  if (token === null) return undefined;
  const parsed = schema.safeParse(decoded(token));
  if (!parsed.success) {
    throw new ServingError({
      kind: 'malformed',
      detail: `continuation: expected the token of this list's page before, got ${quoted(token)}`,
    });
  }
  return parsed.data;
}

function decoded(token: string): unknown {
  if (token.length > 4096 || !/^[A-Za-z0-9_-]+$/.test(token)) return undefined;
  try {
    return JSON.parse(Buffer.from(token, 'base64url').toString('utf8'));
  } catch {
    return undefined;
  }
}
