import type { ModelName } from '../ids.ts';
import type { RegistryStore } from '../ports/registry.ts';

/** A registry that tells when a model's record has been written, so that caches forget it. */
export function observeWrites(
  registry: RegistryStore,
  written: (model: ModelName) => void,
): RegistryStore {
  return {
    readModel: (model) => registry.readModel(model),
    async createModel(record) {
      const stored = await registry.createModel(record);
      written(record.model);
      return stored;
    },
    async replaceModel(record, etag) {
      const stored = await registry.replaceModel(record, etag);
      written(record.model);
      return stored;
    },
    listModels: (page) => registry.listModels(page),
    listUnfinished: (query) => registry.listUnfinished(query),
    createSubmission: (submission) => registry.createSubmission(submission),
    readSubmission: (key) => registry.readSubmission(key),
    createVerdict: (verdict) => registry.createVerdict(verdict),
    readVerdict: (key) => registry.readVerdict(key),
    createEvent: (model, event) => registry.createEvent(model, event),
    readEvent: (model, seq) => registry.readEvent(model, seq),
    listEvents: (model, page) => registry.listEvents(model, page),
    listRollingOut: (page) => registry.listRollingOut(page),
    createRollout: (model, rollout) => registry.createRollout(model, rollout),
    readRollout: (model, id) => registry.readRollout(model, id),
    listRollouts: (model, page) => registry.listRollouts(model, page),
    createDrop: (drop) => registry.createDrop(drop),
    readDrop: (model, id) => registry.readDrop(model, id),
    replaceDrop: (drop, etag) => registry.replaceDrop(drop, etag),
    listUnsettledDrops: (page) => registry.listUnsettledDrops(page),
    ping: () => registry.ping(),
  };
}
