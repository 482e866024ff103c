import { ServingError } from '../shared/errors.ts';
import { quoted } from '../shared/ids.ts';
import type { Request } from './trigger.ts';

/**
 * The body's length as its sender declares it; undefined for a chunked one.
 * @throws ServingError `malformed`, `tooLarge`
 */
export function declaredLength(
  request: Pick<Request, 'headers'>,
  maxBytes: number,
): number | undefined {
  const header = request.headers.get('content-length');
  if (header === null) return undefined;
  if (!/^[0-9]{1,16}$/.test(header)) {
    throw new ServingError({
      kind: 'malformed',
      detail: `Content-Length: expected a number of bytes, got ${quoted(header)}`,
    });
  }
  const length = Number(header);
  if (length > maxBytes) throw tooLarge(`has ${length} bytes`, maxBytes);
  return length;
}

/** Says how large files get here all the same. */
export function tooLarge(came: string, maxBytes: number): ServingError {
  return new ServingError({
    kind: 'tooLarge',
    detail: `body: ${came}, at most ${maxBytes} are taken; put larger files to the URL that POST /uploads answers and name that blob instead`,
  });
}
