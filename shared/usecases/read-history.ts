import { ServingError } from '../errors.ts';
import type { ModelName } from '../ids.ts';
import type { RegistryStore } from '../ports/registry.ts';
import type { ModelEvent } from '../registry/events.ts';
import { unknownModel } from '../registry/lookup.ts';
import type { ModelRecord } from '../registry/model-record.ts';

type Deps = { readonly registry: Pick<RegistryStore, 'readModel' | 'readEvent' | 'listEvents'> };

/**
 * A model's events with `seq` > `after`, oldest first, at most `limit`; `next` is there when more
 * follow. A deleted model keeps its history. @throws ServingError `notFound`
 */
export async function readEvents(
  { registry }: Deps,
  model: ModelName,
  page: { readonly after: number; readonly limit: number },
): Promise<{ events: ModelEvent[]; next?: number }> {
  // The record first: an event that it no longer holds was copied out before it was read, and what
  // happens from now on is cut off below.
  const record = await readRecord(registry, model);
  const copied = await registry.listEvents(model, page);
  const bySeq = new Map([...copied, ...record.events].map((event) => [event.seq, event]));
  const last = Math.min(page.after + page.limit, record.nextEvent - 1);
  const events: ModelEvent[] = [];
  for (let seq = page.after + 1; seq <= last; seq++) {
    events.push(bySeq.get(seq) ?? missing(model, seq));
  }
  return { events, ...(last < record.nextEvent - 1 && { next: last }) };
}

/**
 * The last event at or before `at` (ms since the epoch), whose routing and aliases held then; found
 * by halving, with one read for each half.
 * @throws ServingError `notFound` before the first event
 */
export async function readStateAt(
  { registry }: Deps,
  model: ModelName,
  at: number,
): Promise<ModelEvent> {
  const record = await readRecord(registry, model);
  const embedded = new Map(record.events.map((event) => [event.seq, event]));
  let found: ModelEvent | undefined;
  let low = 1;
  let high = record.nextEvent - 1;
  while (low <= high) {
    const middle = (low + high) >>> 1;
    const event =
      embedded.get(middle) ?? (await registry.readEvent(model, middle)) ?? missing(model, middle);
    if (Date.parse(event.at) <= at) {
      found = event;
      low = middle + 1;
    } else {
      high = middle - 1;
    }
  }
  if (found) return found;
  throw new ServingError({
    kind: 'notFound',
    detail: `model ${model} had no history at ${new Date(at).toISOString()}: its first event is later`,
  });
}

async function readRecord(
  registry: Pick<RegistryStore, 'readModel'>,
  model: ModelName,
): Promise<ModelRecord> {
  const stored = await registry.readModel(model);
  if (!stored) throw unknownModel(model);
  return stored.value;
}

/** Only a replica that lags behind can miss an event that the record says was copied out. */
function missing(model: ModelName, seq: number): never {
  throw new ServingError({
    kind: 'unavailable',
    detail: `event ${seq} of model ${model} can't be read yet; try again`,
    retryAfterSeconds: 1,
  });
}
