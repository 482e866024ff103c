import type { ModelName, Version } from '../ids.ts';
import { type Precondition, requireMatch } from '../registry/etag.ts';
import { requireModel } from '../registry/lookup.ts';
import type { ModelRecord, Routing } from '../registry/model-record.ts';
import { route } from '../registry/traffic.ts';
import { changeModel, type RegistryDeps } from './change-model.ts';
import { requireCompatible } from './require-compatible.ts';

/**
 * Replaces what a model's traffic is routed to, and answers the model as it then is. A version that
 * breaks production's callers is not let in front of them without `allowBreaking`.
 * @throws ServingError `notFound`, `stale`, `conflict`
 */
export async function routeTraffic(
  deps: RegistryDeps,
  command: {
    readonly model: ModelName;
    readonly routing: Routing & { readonly production: Version };
    readonly allowBreaking?: boolean;
    readonly allows: Precondition;
    readonly who: string;
  },
): Promise<ModelRecord> {
  const { routing, allows, who } = command;
  const { record } = await changeModel(deps, command.model, async (before, now) => {
    const model = requireModel(before, command.model);
    requireMatch(model, allows);
    const after = route(model, routing, { now, who });
    if (!command.allowBreaking) {
      for (const version of newlyAnswering(model.routing, routing)) {
        await requireCompatible(deps, model, version);
      }
    }
    return { record: after };
  });
  return record;
}

/** The versions that are to answer callers and don't yet, or not in that role. */
function newlyAnswering(before: Routing, after: Routing & { readonly production: Version }) {
  const candidate = after.candidate?.version;
  return [
    ...(after.production === before.production ? [] : [after.production]),
    ...(candidate === undefined || candidate === before.candidate?.version ? [] : [candidate]),
  ];
}
