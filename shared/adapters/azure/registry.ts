import type { ItemResponse } from '@azure/cosmos';
import type { Config } from '../../config.ts';
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
import { cosmosContainer, etagUnless } from './cosmos-container.ts';
import { cosmosStatus, OWNER_MISSING, unavailable } from './cosmos-failure.ts';
import { readFirst } from './cosmos-first-reads.ts';

/** The database's container; its partition key is `/model`. */
const CONTAINER = 'registry';
/** Sorts behind every place of a rollout: those begin with a year. */
const AFTER_ALL = '~';
/** From the first read until the SDK is loaded, unless something needs it before. */
const SDK_AFTER_MS = 1_000;

/**
 * The registry in Cosmos DB: point operations with If-Match, and queries that also name the
 * partition key, because not every emulator honours it as an option. Nothing connects before the
 * first call. Documents are read without the SDK until something else needs it, or for a second:
 * whatever this instance has written, it reads by the client that wrote it.
 */
export function createCosmosRegistry(cosmos: Config['cosmos']): RegistryStore {
  const { open, isOpen, attempt, list } = cosmosContainer(cosmos, CONTAINER);
  let settle: NodeJS.Timeout | undefined;

  const read = async <Body>(model: string, id: string): Promise<Stored<Body> | undefined> => {
    if (isOpen()) return await readBySdk(model, id);
    const first = await readFirst(cosmos, { container: CONTAINER, partition: model, id });
    settle ??= setTimeout(() => void open().catch(() => undefined), SDK_AFTER_MS).unref();
    if (first === undefined) return await readBySdk(model, id);
    if (first === 'absent') return undefined;
    const { body } = first.document as RegistryDocument<Body>;
    return { value: body, etag: first.etag };
  };

  const readBySdk = <Body>(model: string, id: string): Promise<Stored<Body> | undefined> =>
    attempt(`reading ${id} of model ${model}`, async (container) => {
      const response: ItemResponse<RegistryDocument<Body>> = await container
        .item(id, model)
        .read<RegistryDocument<Body>>();
      if (response.substatus === OWNER_MISSING) {
        throw unavailable(`the database has no container ${CONTAINER}`);
      }
      const { resource } = response;
      return resource && { value: resource.body, etag: response.etag };
    });

  const bodyOf = async <Body>(model: string, id: string): Promise<Body | undefined> =>
    (await read<Body>(model, id))?.value;

  /** The new document's ETag; undefined when one of that id stands already. */
  const create = (document: RegistryDocument): Promise<string | undefined> =>
    attempt(`creating ${document.id} of model ${document.model}`, (container) =>
      etagUnless([409], container.items.create(document)),
    );

  /** The ETag of what then stands; undefined when another one than `etag` does. */
  const replace = (document: RegistryDocument, etag: string): Promise<string | undefined> =>
    attempt(`replacing ${document.id} of model ${document.model}`, (container) =>
      etagUnless(
        [412],
        container.item(document.id, document.model).replace(document, {
          accessCondition: { type: 'IfMatch', condition: etag },
        }),
      ),
    );

  return {
    readModel: (model) => read<ModelRecord>(model, MODEL_ID),
    async createModel(record) {
      return stored(record, await create(modelDocument(record)));
    },
    async replaceModel(record, etag) {
      return stored(record, await replace(modelDocument(record), etag));
    },
    listModels: ({ after, limit }) =>
      list(
        {
          query:
            'SELECT c.body FROM c WHERE c.kind = "model" AND c.deleted = false AND c.model > @after ORDER BY c.model',
          parameters: [{ name: '@after', value: after ?? '' }],
        },
        limit,
      ),
    listUnfinished: ({ before, limit }) =>
      list(
        {
          query:
            'SELECT c.body FROM c WHERE c.kind = "model" AND (c.pendingSince < @before OR c.purgeOwed = true)',
          parameters: [{ name: '@before', value: before }],
        },
        limit,
      ),

    async createSubmission(submission) {
      return (await create(submissionDocument(submission))) !== undefined;
    },
    readSubmission: (key) => bodyOf<Submission>(key.model, submissionId(key)),
    async createVerdict(verdict) {
      return (await create(verdictDocument(verdict))) !== undefined;
    },
    readVerdict: (key) => bodyOf<Verdict>(key.model, verdictId(key)),

    async createEvent(model, event) {
      return (await create(eventDocument(model, event))) !== undefined;
    },
    readEvent: (model, seq) => bodyOf<ModelEvent>(model, eventId(seq)),
    listEvents: (model, { after, limit }) =>
      list(
        {
          query:
            'SELECT c.body FROM c WHERE c.model = @model AND c.kind = "event" AND c.seq > @after ORDER BY c.seq',
          parameters: [
            { name: '@model', value: model },
            { name: '@after', value: after },
          ],
        },
        limit,
        model,
      ),

    listRollingOut: ({ limit }) =>
      list({ query: 'SELECT c.body FROM c WHERE c.rollingOut = true' }, limit),
    async createRollout(model, rollout) {
      return (await create(rolloutDocument(model, rollout))) !== undefined;
    },
    readRollout: (model, id) => bodyOf<Rollout>(model, rolloutId(id)),
    listRollouts: (model, { before, limit }) =>
      list(
        {
          query:
            'SELECT c.body FROM c WHERE c.model = @model AND c.kind = "rollout" AND c.place < @before ORDER BY c.place DESC',
          parameters: [
            { name: '@model', value: model },
            { name: '@before', value: before ? rolloutPlace(before) : AFTER_ALL },
          ],
        },
        limit,
        model,
      ),

    async createDrop(drop) {
      return (await create(dropDocument(drop))) !== undefined;
    },
    readDrop: (model, id) => read<Drop>(model, dropId(id)),
    async replaceDrop(drop, etag) {
      return stored(drop, await replace(dropDocument(drop), etag));
    },
    listUnsettledDrops: ({ model, limit }) =>
      list(
        {
          query: `SELECT c.body FROM c WHERE c.unsettled = true${model === undefined ? '' : ' AND c.model = @model'}`,
          parameters: model === undefined ? [] : [{ name: '@model', value: model }],
        },
        limit,
        model,
      ),

    ping: () =>
      attempt('reading the container', async (container) => {
        try {
          await container.read();
        } catch (error) {
          if (cosmosStatus(error) !== 404) throw error;
          throw unavailable(`the database has no container ${CONTAINER}`, error);
        }
      }),
  };
}

function stored<T>(value: T, etag: string | undefined): Stored<T> | undefined {
  return etag === undefined ? undefined : { value, etag };
}
