import { createHash } from 'node:crypto';
import { isBlobName } from '../blob-name.ts';
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
    throw malformed(path, `expected incoming/MODEL/${path}, a folder named after the model`);
  }
  // Such a name may mean another blob by the time it is a URL.
  if (!isBlobName(path)) {
    throw malformed(path, 'expected folders with names that are neither empty, "." nor ".."');
  }
  const model = parseModelName(path.slice(0, slash));
  const folder = path.slice(0, path.lastIndexOf('/') + 1);
  return { model, card: `${folder}card.json`, evaluation: `${folder}evaluation.csv` };
}

/** Where the report on a dropped model is left; undefined where no blob can have that name. */
export function reportPathOf(path: string): string | undefined {
  const report = `${path}${REPORT}`;
  return isBlobName(report) ? report : undefined;
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

function malformed(path: string, expected: string): ServingError {
  return new ServingError({
    kind: 'malformed',
    detail: `dropped model: ${expected}; got ${quoted(`incoming/${path}`)}`,
  });
}
