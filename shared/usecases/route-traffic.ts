import type { ModelName, Version } from '../ids.ts';
import { type Precondition, requireMatch } from '../registry/etag.ts';
import { requireModel } from '../registry/lookup.ts';
import type { ModelRecord, Routing } from '../registry/model-record.ts';
import { route } from '../registry/traffic.ts';
import { changeModel, type RegistryDeps } from './change-model.ts';

/**
 * Replaces what a model's traffic is routed to, and answers the model as it then is.
 * @throws ServingError `notFound`, `stale`, `conflict`
 */
export async function routeTraffic(
  deps: RegistryDeps,
  command: {
    readonly model: ModelName;
    readonly routing: Routing & { readonly production: Version };
    readonly allows: Precondition;
    readonly who: string;
  },
): Promise<ModelRecord> {
  const { record } = await changeModel(deps, command.model, (before, now) => {
    const model = requireModel(before, command.model);
    requireMatch(model, command.allows);
    return { record: route(model, command.routing, { now, who: command.who }) };
  });
  return record;
}
