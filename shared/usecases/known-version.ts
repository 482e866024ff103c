import { createHash } from 'node:crypto';
import type { ServableModel } from '../ports/engine.ts';
import type { KnownVersion } from '../ports/known-versions.ts';
import type { ModelFiles } from '../ports/model-files.ts';

/** A version as the engine takes it, and what was known of it. */
export interface KnownModel extends ServableModel {
  readonly known: KnownVersion;
}

/**
 * The version as the engine takes it. Its key names everything that is known, so that what was made
 * of other knowledge, of an earlier run or another registry, is never taken for it.
 */
export function servableFrom(known: KnownVersion, modelFiles: ModelFiles): KnownModel {
  const { model, incarnation, version, digest, bytes, signature } = known;
  const { batchRows, inlineable, preload, p95Ms } = known;
  const said = JSON.stringify([digest, bytes, signature, batchRows, inlineable]);
  const told = createHash('sha256').update(said).digest('base64url');
  return {
    key: `${model}/${incarnation}/${version}/${told}`,
    model,
    version,
    digest,
    bytes,
    signature,
    batchRows,
    inlineable,
    preload,
    p95Ms,
    open: () => modelFiles.open({ model, incarnation, digest, name: 'model.onnx' }, bytes),
    known,
  };
}
