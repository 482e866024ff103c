import type { ItemResponse } from '@azure/cosmos';
import type { BatchJob } from '../../batch/job.ts';
import type { Config } from '../../config.ts';
import type { BatchJobs, BatchKey } from '../../ports/batches.ts';
import type { Clock, Stored } from '../../ports/clock.ts';
import { type BatchDocument, jobDocument, keyDocument, keyId } from '../batch-document.ts';
import { cosmosContainer, etagUnless } from './cosmos-container.ts';
import { OWNER_MISSING, unavailable } from './cosmos-failure.ts';

/** The database's container; its partition key is `/id`. */
const CONTAINER = 'batches';
/** Times to claim a key while others do; each time one of them has got further. */
const CLAIMS = 5;
/** Behind every id. */
const LAST = '~';

/**
 * Batch jobs in Cosmos DB. The emulator removes nothing by itself, and Cosmos does so late: what
 * has expired is left out by `clock`.
 */
export function createCosmosBatchJobs(
  cosmos: Config['cosmos'],
  { clock }: { clock: Clock },
): BatchJobs {
  const { attempt, list } = cosmosContainer(cosmos, CONTAINER);

  const read = <Body>(id: string): Promise<Stored<Body> | undefined> =>
    attempt(`reading batch document ${id}`, async (container) => {
      const response: ItemResponse<BatchDocument<Body>> = await container
        .item(id, id)
        .read<BatchDocument<Body>>();
      if (response.substatus === OWNER_MISSING) {
        throw unavailable(`the database has no container ${CONTAINER}`);
      }
      const { resource } = response;
      return resource && { value: resource.body, etag: response.etag };
    });

  const create = (document: BatchDocument): Promise<string | undefined> =>
    attempt(`creating batch document ${document.id}`, (container) =>
      etagUnless([409], container.items.create(document)),
    );

  /** Undefined when it was replaced, or removed, by another. */
  const replace = (document: BatchDocument, etag: string): Promise<string | undefined> =>
    attempt(`replacing batch document ${document.id}`, (container) =>
      etagUnless(
        [404, 412],
        container.item(document.id, document.id).replace(document, {
          accessCondition: { type: 'IfMatch', condition: etag },
        }),
      ),
    );

  return {
    async create(job) {
      return (await create(jobDocument(job, clock()))) !== undefined;
    },
    async read(id) {
      const stored = await read<BatchJob>(id);
      return stored && stored.value.expiresAt > clock() ? stored : undefined;
    },
    async replace(job, etag) {
      const written = await replace(jobDocument(job, clock()), etag);
      return written === undefined ? undefined : { value: job, etag: written };
    },
    list: ({ before, limit, now }) =>
      list(
        {
          query:
            'SELECT c.body FROM c WHERE c.kind = "job" AND c.id < @before AND c.expiresAt > @now ORDER BY c.id DESC',
          parameters: [
            { name: '@before', value: before ?? LAST },
            { name: '@now', value: now },
          ],
        },
        limit,
      ),
    listUnfinished: ({ limit }) =>
      list({ query: 'SELECT c.body FROM c WHERE c.kind = "job" AND c.unfinished = true' }, limit),
    listExpired: ({ now, limit }) =>
      list(
        {
          query: 'SELECT c.body FROM c WHERE c.kind = "job" AND c.expiresAt <= @now',
          parameters: [{ name: '@now', value: now }],
        },
        limit,
      ),
    async remove(id) {
      await attempt(`removing batch document ${id}`, (container) =>
        etagUnless([404], container.item(id, id).delete()),
      );
    },
    async claimKey(entry) {
      const document = keyDocument(entry, clock());
      for (let claim = 0; claim < CLAIMS; claim++) {
        if (await create(document)) return entry;
        const stands = await read<BatchKey>(keyId(entry.key));
        if (!stands) continue;
        if (stands.value.expiresAt > clock()) return stands.value;
        if (await replace(document, stands.etag)) return entry;
      }
      throw unavailable(
        `claiming the key of batch ${entry.id} failed: others did at the same time`,
      );
    },
  };
}
