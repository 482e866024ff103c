import type { ModelName, Version } from '../ids.ts';
import { retire } from '../registry/lifecycle.ts';
import { requireEntry, requireModel } from '../registry/lookup.ts';
import { changeModel, type RegistryDeps } from './change-model.ts';

/**
 * Takes a version out of service for good; again is done.
 * @throws ServingError `notFound`, `conflict` while it is routed or named
 */
export async function retireVersion(
  deps: RegistryDeps,
  command: { readonly model: ModelName; readonly version: Version; readonly who: string },
): Promise<void> {
  await changeModel(deps, command.model, (before, now) => {
    const model = requireModel(before, command.model);
    requireEntry(model, command.version);
    return { record: retire(model, command.version, { now, who: command.who }) };
  });
}
