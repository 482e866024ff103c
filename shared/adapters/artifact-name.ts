import { MAX_BLOB_NAME_LENGTH } from '../blob-name.ts';
import { ServingError } from '../errors.ts';
import type { ModelName } from '../ids.ts';
import type { ArtifactRef } from '../ports/artifacts.ts';

/** What the names of all artifacts of one incarnation begin with, and no other's. */
export function artifactPrefix(model: ModelName, incarnation: number): string {
  return `${model}/${incarnation}/`;
}

/** An artifact's name within its container. @throws ServingError `malformed` when Azure refuses it */
export function artifactName({ model, incarnation, digest, name }: ArtifactRef): string {
  const full = `${artifactPrefix(model, incarnation)}sha256/${digest}/${name}`;
  if (full.length > MAX_BLOB_NAME_LENGTH) {
    throw new ServingError({
      kind: 'malformed',
      detail: `artifact name: expected at most ${MAX_BLOB_NAME_LENGTH} characters, got ${full.length}`,
    });
  }
  return full;
}
