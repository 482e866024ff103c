import { ServingError } from '../shared/errors.ts';
import type { Request } from './trigger.ts';

const MAX_KEY_LENGTH = 128;

/** The request's Idempotency-Key; undefined without one. @throws ServingError `malformed` */
export function idempotencyKeyOf(request: Pick<Request, 'headers'>): string | undefined {
  const key = request.headers.get('idempotency-key');
  if (key === null) return undefined;
  if (key.length >= 1 && key.length <= MAX_KEY_LENGTH) return key;
  throw new ServingError({
    kind: 'malformed',
    detail: `Idempotency-Key: expected 1 to ${MAX_KEY_LENGTH} characters, got ${key.length}`,
  });
}
