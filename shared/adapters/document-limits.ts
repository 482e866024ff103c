import { ServingError } from '../errors.ts';

/** Cosmos takes 2 MB; what it counts on top of the text leaves room below. */
export const MAX_DOCUMENT_BYTES = 1_500_000;
/** Cosmos: at most 255 characters, none of these. */
const MAX_ID_LENGTH = 255;
const FORBIDDEN_IN_ID = /[/\\?#]/;

/**
 * Holds a document to Azure's limits, because emulators don't: what fails on Azure fails everywhere.
 * `called` names it in an error.
 * @throws ServingError `malformed` for an id, `conflict` for a size that can't be stored
 */
export function withinLimits<Document extends { readonly id: string }>(
  document: Document,
  called: string,
): Document {
  const { id } = document;
  if (id.length > MAX_ID_LENGTH) {
    throw new ServingError({
      kind: 'malformed',
      detail: `document id: expected at most ${MAX_ID_LENGTH} characters, got ${id.length}: ${id.slice(0, 40)}…`,
    });
  }
  if (FORBIDDEN_IN_ID.test(id)) {
    throw new ServingError({
      kind: 'malformed',
      detail: `document id: expected none of / \\ ? #, got ${JSON.stringify(id)}`,
    });
  }
  const bytes = Buffer.byteLength(JSON.stringify(document));
  if (bytes > MAX_DOCUMENT_BYTES) {
    throw new ServingError({
      kind: 'conflict',
      detail: `${called}: expected at most ${MAX_DOCUMENT_BYTES} bytes, got ${bytes}`,
    });
  }
  return document;
}
