import type { CounterStore } from '../../ports/counters.ts';
import type { StageCounts } from '../../rollout/counts.ts';
import { type CountersDocument, countersDocument, countsIn } from '../counters-document.ts';
import { answering } from './answering.ts';

/** Counters in memory, for tests: text is kept, so that nothing is shared with its callers. */
export function createMemoryCounters(): CounterStore {
  const documents = new Map<string, string>();
  return {
    write: answering((counts: StageCounts) => {
      const document = countersDocument(counts);
      documents.set(`${document.rollout} ${document.id}`, JSON.stringify(document));
    }),
    list: answering((key: string, stage: number) =>
      [...documents.values()]
        .map((text) => JSON.parse(text) as CountersDocument)
        .filter((document) => document.rollout === key && document.stage === stage)
        .map(({ body }) => countsIn(body)),
    ),
  };
}
