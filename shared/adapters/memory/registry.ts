import type { Drop } from '../../drops/drop.ts';
import type { Stored } from '../../ports/clock.ts';
import type { RegistryStore } from '../../ports/registry.ts';
import type { ModelEvent } from '../../registry/events.ts';
import type { ModelRecord, Submission, Verdict } from '../../registry/model-record.ts';
import type { Rollout } from '../../rollout/rollout.ts';
import {
  dropDocument,
  dropId,
  eventDocument,
  eventId,
  MODEL_ID,
  modelDocument,
  type RegistryDocument,
  rolloutDocument,
  rolloutId,
  rolloutPlace,
  submissionDocument,
  submissionId,
  verdictDocument,
  verdictId,
} from '../registry-document.ts';
import { answering } from './answering.ts';

interface Slot {
  readonly json: string;
  readonly etag: string;
}

/** A registry in memory, for tests: it keeps text, so that nothing is shared with its callers. */
export function createMemoryRegistry(): RegistryStore {
  const models = new Map<string, Map<string, Slot>>();
  let writes = 0;

  const put = (document: RegistryDocument): Slot => {
    const slots = models.get(document.model) ?? new Map<string, Slot>();
    models.set(document.model, slots);
    writes += 1;
    const slot = { json: JSON.stringify(document), etag: `"${writes}"` };
    slots.set(document.id, slot);
    return slot;
  };
  const slotOf = (model: string, id: string) => models.get(model)?.get(id);
  const create = (document: RegistryDocument) =>
    slotOf(document.model, document.id) ? undefined : put(document);
  const read = (model: string, id: string): unknown => {
    const slot = slotOf(model, id);
    return slot && parse(slot).body;
  };
  const replace = (document: RegistryDocument, etag: string) =>
    slotOf(document.model, document.id)?.etag === etag ? put(document) : undefined;
  const documents = <Body>(model: string, kind: RegistryDocument['kind']) =>
    [...(models.get(model)?.values() ?? [])]
      .map((slot) => parse<Body>(slot))
      .filter((document) => document.kind === kind);
  const records = () =>
    [...models.values()].flatMap((slots) => {
      const slot = slots.get(MODEL_ID);
      return slot ? [parse<ModelRecord>(slot)] : [];
    });

  return {
    readModel: answering((model) => {
      const slot = slotOf(model, MODEL_ID);
      return slot && { value: parse<ModelRecord>(slot).body, etag: slot.etag };
    }),
    createModel: answering((record) => stored(record, create(modelDocument(record)))),
    replaceModel: answering((record, etag) => stored(record, replace(modelDocument(record), etag))),
    listModels: answering(({ after, limit }) =>
      records()
        .filter(({ deleted, model }) => !deleted && (after === undefined || model > after))
        .sort((a, b) => (a.model < b.model ? -1 : 1))
        .slice(0, limit)
        .map(({ body }) => body),
    ),
    listUnfinished: answering(({ before, limit }) =>
      records()
        .filter(({ pendingSince, purgeOwed }) => (pendingSince ?? Infinity) < before || purgeOwed)
        .slice(0, limit)
        .map(({ body }) => body),
    ),
    createSubmission: answering(
      (submission) => create(submissionDocument(submission)) !== undefined,
    ),
    readSubmission: answering(
      (key) => read(key.model, submissionId(key)) as Submission | undefined,
    ),
    createVerdict: answering((verdict) => create(verdictDocument(verdict)) !== undefined),
    readVerdict: answering((key) => read(key.model, verdictId(key)) as Verdict | undefined),
    createEvent: answering((model, event) => create(eventDocument(model, event)) !== undefined),
    readEvent: answering((model, seq) => read(model, eventId(seq)) as ModelEvent | undefined),
    listEvents: answering((model, { after, limit }) =>
      documents<ModelEvent>(model, 'event')
        .filter(({ seq }) => (seq ?? 0) > after)
        .map(({ body }) => body)
        .sort((a, b) => a.seq - b.seq)
        .slice(0, limit),
    ),
    listRollingOut: answering(({ limit }) =>
      records()
        .filter(({ rollingOut }) => rollingOut)
        .slice(0, limit)
        .map(({ body }) => body),
    ),
    createRollout: answering(
      (model, rollout) => create(rolloutDocument(model, rollout)) !== undefined,
    ),
    readRollout: answering((model, id) => read(model, rolloutId(id)) as Rollout | undefined),
    listRollouts: answering((model, { before, limit }) =>
      documents<Rollout>(model, 'rollout')
        .map(({ body }) => body)
        .filter((rollout) => !before || rolloutPlace(rollout) < rolloutPlace(before))
        .sort((a, b) => (rolloutPlace(a) < rolloutPlace(b) ? 1 : -1))
        .slice(0, limit),
    ),
    createDrop: answering((drop) => create(dropDocument(drop)) !== undefined),
    readDrop: answering((model, id) => {
      const slot = slotOf(model, dropId(id));
      return slot && { value: parse<Drop>(slot).body, etag: slot.etag };
    }),
    replaceDrop: answering((drop, etag) => stored(drop, replace(dropDocument(drop), etag))),
    listUnsettledDrops: answering(({ model, limit }) =>
      (model === undefined ? [...models.keys()] : [model])
        .flatMap((each) => documents<Drop>(each, 'drop'))
        .filter(({ unsettled }) => unsettled)
        .slice(0, limit)
        .map(({ body }) => body),
    ),
    ping: () => Promise.resolve(),
  };
}

function parse<Body = unknown>(slot: Slot): RegistryDocument<Body> {
  return JSON.parse(slot.json) as RegistryDocument<Body>;
}

function stored<T>(value: T, slot: Slot | undefined): Stored<T> | undefined {
  return slot && { value, etag: slot.etag };
}
