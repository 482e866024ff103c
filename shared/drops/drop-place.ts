import { createHash } from 'node:crypto';
import { isBlobName, MAX_BLOB_NAME_LENGTH } from '../blob-name.ts';
import { ServingError } from '../errors.ts';
import { type DropId, type ModelName, parseModelName, quoted, type RolloutId } from '../ids.ts';
import { quotedTag } from './etag.ts';

const REPORT = '.report.json';

/** Where a dropped model lies, and what may lie beside it. */
export interface DropPlace {
  readonly model: ModelName;
  /** Paths in the model file's own folder. */
  readonly card: string;
  readonly evaluation: string;
}

/**
 * Reads the path of a dropped model, `{model}/…/{name}.onnx` within the container. A file right in
 * the model's folder is the usual case. @throws ServingError `malformed` (no model's folder)
 */
export function dropPlaceOf(path: string): DropPlace {
  const slash = path.indexOf('/');
  if (slash < 0) {
    throw new ServingError({
      kind: 'malformed',
      detail: `dropped model: expected incoming/MODEL/${path}, a folder named after the model; got ${quoted(`incoming/${path}`)}`,
    });
  }
  const model = parseModelName(path.slice(0, slash));
  const folder = path.slice(0, path.lastIndexOf('/') + 1);
  return { model, card: `${folder}card.json`, evaluation: `${folder}evaluation.csv` };
}

/** Where the report on a dropped model is left; undefined where the storage has no room for its name. */
export function reportPathOf(path: string): string | undefined {
  const report = `${path}${REPORT}`;
  return report.length <= MAX_BLOB_NAME_LENGTH && isBlobName(path) ? report : undefined;
}

/** Names one state of one dropped blob. */
export function dropIdOf({ path, etag }: { path: string; etag: string }): DropId {
  return createHash('sha256')
    .update(`${path}\n${quotedTag(etag)}`)
    .digest('base64url') as DropId;
}

/** The one rollout that a dropped model may start, however often its event comes. */
export function rolloutIdOf(drop: DropId): RolloutId {
  return `d${drop}` as RolloutId;
}
