import * as z from 'zod';
import type { BlobReference } from './trigger.ts';

const CONTENT = z.object({ ContainerName: z.string().min(1), BlobName: z.string().min(1) });

/**
 * What the Functions host sends for a blob trigger in place of the blob's bytes ("deferred
 * binding"): UTF-8 JSON that names it. Undefined for anything else; never throws, for then the
 * host would blame a missing extension.
 */
export function namedBlob(data: unknown): Pick<BlobReference, 'container' | 'name'> | undefined {
  const content =
    typeof data === 'object' && data !== null && 'content' in data ? data.content : undefined;
  if (!(content instanceof Uint8Array)) return undefined;
  try {
    const parsed = CONTENT.parse(JSON.parse(new TextDecoder().decode(content)));
    return { container: parsed.ContainerName, name: parsed.BlobName };
  } catch {
    return undefined;
  }
}

const REFERENCE = z.object({ container: z.string(), name: z.string() });
const METADATA = z.object({
  blobTrigger: z.string().optional().catch(undefined),
  // The host's serializer may render an ETag as an empty object.
  properties: z
    .object({ eTag: z.string().min(1).optional().catch(undefined) })
    .optional()
    .catch(undefined),
});

/**
 * Which blob an invocation is about: by what `namedBlob` read, else (a host that sent the bytes) by
 * the trigger metadata's path. @throws Error when neither names one
 */
export function blobReference(input: unknown, triggerMetadata: unknown): BlobReference {
  const metadata = METADATA.parse(triggerMetadata ?? {});
  const etag = metadata.properties?.eTag;
  const named = REFERENCE.safeParse(input);
  if (named.success) return { ...named.data, etag };
  const path = metadata.blobTrigger ?? '';
  const slash = path.indexOf('/');
  if (slash < 1 || slash === path.length - 1) {
    throw new Error(`blob trigger: expected a path container/name, got ${JSON.stringify(path)}`);
  }
  return { container: path.slice(0, slash), name: path.slice(slash + 1), etag };
}
