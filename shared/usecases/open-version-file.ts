import type { ModelName, Version } from '../ids.ts';
import type { ModelFile, ModelFiles } from '../ports/model-files.ts';
import { requireEntry, requireModel } from '../registry/lookup.ts';
import type { Submission } from '../registry/model-record.ts';
import { type RegistryDeps, type VersionView, viewOf } from './version-lifecycle.ts';

/** A version with all that is known of it. @throws ServingError `notFound` that says what is unknown */
export async function requireVersion(
  deps: Pick<RegistryDeps, 'registry'>,
  model: ModelName,
  version: Version,
): Promise<VersionView> {
  const record = requireModel((await deps.registry.readModel(model))?.value, model);
  return await viewOf(deps, record, requireEntry(record, version));
}

/** The ONNX file of what was submitted, verified, on local disk. @throws what `ModelFiles.open` throws */
export async function openVersionFile(
  { modelFiles }: { modelFiles: ModelFiles },
  { model, incarnation, digest, bytes }: Submission,
): Promise<ModelFile> {
  return await modelFiles.open({ model, incarnation, digest, name: 'model.onnx' }, bytes);
}
