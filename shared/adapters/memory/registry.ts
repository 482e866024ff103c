import type { RegistryStore, Stored } from '../../ports.ts';
import type { ModelEvent } from '../../registry/events.ts';
import type { ModelRecord, Submission, Verdict } from '../../registry/model-record.ts';
import {
  eventDocument,
  eventId,
  MODEL_ID,
  modelDocument,
  type RegistryDocument,
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
    replaceModel: answering((record, etag) => {
      const document = modelDocument(record);
      const stands = slotOf(record.model, MODEL_ID);
      return stored(record, stands?.etag === etag ? put(document) : undefined);
    }),
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
      [...(models.get(model)?.values() ?? [])]
        .map((slot) => parse<ModelEvent>(slot))
        .filter(({ kind, seq }) => kind === 'event' && (seq ?? 0) > after)
        .map(({ body }) => body)
        .sort((a, b) => a.seq - b.seq)
        .slice(0, limit),
    ),
    ping: () => Promise.resolve(),
  };
}

function parse<Body = unknown>(slot: Slot): RegistryDocument<Body> {
  return JSON.parse(slot.json) as RegistryDocument<Body>;
}

function stored(record: ModelRecord, slot: Slot | undefined): Stored<ModelRecord> | undefined {
  return slot && { value: record, etag: slot.etag };
}
