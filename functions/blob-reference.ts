import type { BlobReference } from './trigger.ts';

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
    const named: unknown = JSON.parse(new TextDecoder().decode(content));
    const container = member(named, 'ContainerName');
    const name = member(named, 'BlobName');
    return isText(container) && isText(name) ? { container, name } : undefined;
  } catch {
    return undefined;
  }
}

/**
 * Which blob an invocation is about: by what `namedBlob` read, else (a host that sent the bytes) by
 * the trigger metadata's path. @throws Error when neither names one
 */
export function blobReference(input: unknown, triggerMetadata: unknown): BlobReference {
  // The host's serializer may render an ETag as an empty object.
  const told = member(member(triggerMetadata, 'properties'), 'eTag');
  const etag = isText(told) ? told : undefined;
  const container = member(input, 'container');
  const name = member(input, 'name');
  if (typeof container === 'string' && typeof name === 'string') return { container, name, etag };
  const trigger = member(triggerMetadata, 'blobTrigger');
  const path = typeof trigger === 'string' ? trigger : '';
  const slash = path.indexOf('/');
  if (slash < 1 || slash === path.length - 1) {
    throw new Error(`blob trigger: expected a path container/name, got ${JSON.stringify(path)}`);
  }
  return { container: path.slice(0, slash), name: path.slice(slash + 1), etag };
}

/** A member of what may be no object at all; undefined when there is none. */
function member(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null
    ? (value as Readonly<Record<string, unknown>>)[name]
    : undefined;
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== '';
}
