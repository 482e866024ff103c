import type { ModelName } from '../ids.ts';
import { requireModel } from '../registry/lookup.ts';
import type { ModelRecord } from '../registry/model-record.ts';
import type { RegistryDeps } from './change-model.ts';

/** A model that isn't deleted. @throws ServingError `notFound` */
export async function readModel(
  { registry }: Pick<RegistryDeps, 'registry'>,
  model: ModelName,
): Promise<ModelRecord> {
  const stored = await registry.readModel(model);
  return requireModel(stored?.value, model);
}
