import { ServingError } from '../errors.ts';
import type { Digest } from '../ids.ts';
import type { ContentCheck } from '../ports/artifacts.ts';
import { digestOf, type PinnedBlob, readWhole } from './pinned-blob.ts';

/**
 * Hashes an uploaded blob that is to become an artifact, a range at a time. `blob` is as the caller
 * named it. @throws ServingError `malformed`, `tooLarge`, `conflict` and what `check` throws
 */
export async function examineUpload(
  blob: string,
  source: PinnedBlob | undefined,
  limits: { maxBytes: number; check?: ContentCheck; rangeBytes: number },
): Promise<{ source: PinnedBlob; digest: Digest }> {
  if (!source) {
    throw new ServingError({
      kind: 'malformed',
      detail: `blob ${blob}: there is none; PUT the bytes to the URL that POST /uploads answered first`,
    });
  }
  if (source.bytes === 0) {
    throw new ServingError({ kind: 'malformed', detail: `blob ${blob}: it is empty` });
  }
  if (source.bytes > limits.maxBytes) {
    throw new ServingError({
      kind: 'tooLarge',
      detail: `blob ${blob}: expected at most ${limits.maxBytes} bytes, got ${source.bytes}`,
    });
  }
  return { source, digest: await digestOf(readWhole(source, limits.rangeBytes), limits.check) };
}
