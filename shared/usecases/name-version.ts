import type { AliasName, ModelName, Version } from '../ids.ts';
import { type Precondition, requireMatch } from '../registry/etag.ts';
import { requireModel } from '../registry/lookup.ts';
import type { ModelRecord } from '../registry/model-record.ts';
import { name, unname } from '../registry/traffic.ts';
import { changeModel, type RegistryDeps } from './change-model.ts';

/** An alias of a model, who changes it, and what the model must be like for that. */
export interface AliasCommand {
  readonly model: ModelName;
  readonly alias: AliasName;
  readonly allows: Precondition;
  readonly who: string;
}

/**
 * Lets an alias name a version, and answers the model as it then is.
 * @throws ServingError `notFound`, `stale`, `conflict`
 */
export async function nameVersion(
  deps: RegistryDeps,
  command: AliasCommand & { readonly version: Version },
): Promise<ModelRecord> {
  const { record } = await changeModel(deps, command.model, (before, now) => {
    const model = requireModel(before, command.model);
    requireMatch(model, command.allows);
    return { record: name(model, command, { now, who: command.who }) };
  });
  return record;
}

/**
 * Removes an alias, and answers the model as it then is.
 * @throws ServingError `notFound`, `stale`
 */
export async function removeAlias(deps: RegistryDeps, command: AliasCommand): Promise<ModelRecord> {
  const { record } = await changeModel(deps, command.model, (before, now) => {
    const model = requireModel(before, command.model);
    requireMatch(model, command.allows);
    return { record: unname(model, command.alias, { now, who: command.who }) };
  });
  return record;
}
