import { ServingError } from '../errors.ts';
import type { Clock } from '../ports/clock.ts';
import type { Uploads } from '../ports/uploads.ts';

/** What Blob Storage takes in a single PUT: 5,000 MiB. */
const MAX_UPLOAD_BYTES = 5_000 * 1024 * 1024;

/**
 * Grants a place to which the caller PUTs a file of `bytes` bytes, until `expiresAt` (ms). The size
 * is checked here because storage would refuse it only after gigabytes have come.
 * @throws ServingError `tooLarge`, `unavailable`
 */
export async function requestUpload(
  { uploads, clock }: { readonly uploads: Uploads; readonly clock: Clock },
  { name, bytes }: { readonly name: string; readonly bytes: number },
): Promise<{ blob: string; url: string; expiresAt: number }> {
  if (bytes > MAX_UPLOAD_BYTES) {
    throw new ServingError({
      kind: 'tooLarge',
      detail: `bytes: got ${bytes}, a single PUT takes at most ${MAX_UPLOAD_BYTES} (5,000 MiB); put a larger file into the container uploads in blocks, as azcopy does, and name that blob, or cut it up`,
    });
  }
  return await uploads.grant(name, clock());
}
