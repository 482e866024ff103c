import type { StageCounts } from '../rollout/counts.ts';

/**
 * What instances count while two versions are live, each in a document of its own, which expires by
 * itself some weeks after its last write.
 */
export interface CounterStore {
  /** In place of what the same boot wrote of that stage; the last one counts. */
  write(counts: StageCounts): Promise<void>;
  /** What all boots have counted of a stage. */
  list(key: string, stage: number): Promise<StageCounts[]>;
}
