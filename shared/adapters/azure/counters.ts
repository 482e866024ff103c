import type { Config } from '../../config.ts';
import type { CounterStore } from '../../ports/counters.ts';
import { type CountersDocument, countersDocument, countsIn } from '../counters-document.ts';
import { cosmosContainer } from './cosmos-container.ts';

/** The database's container; its partition key is `/rollout`. */
const CONTAINER = 'counters';
/** Instances that may have counted one stage; more of them than Azure starts in a stage's time. */
const MAX_BOOTS = 10_000;

/** Counters in Cosmos DB, a document for each instance and stage. */
export function createCosmosCounters(cosmos: Config['cosmos']): CounterStore {
  const { attempt, list } = cosmosContainer(cosmos, CONTAINER);
  return {
    async write(counts) {
      const document = countersDocument(counts);
      await attempt(`writing counters ${document.id} of ${document.rollout}`, (container) =>
        container.items.upsert(document),
      );
    },
    async list(key, stage) {
      const bodies = await list<CountersDocument['body']>(
        {
          // The emulator takes no heed of the partition that is asked for.
          query: 'SELECT c.body FROM c WHERE c.rollout = @key AND c.stage = @stage',
          parameters: [
            { name: '@key', value: key },
            { name: '@stage', value: stage },
          ],
        },
        MAX_BOOTS,
        key,
      );
      return bodies.map(countsIn);
    },
  };
}
