import type { StageCounts } from '../rollout/counts.ts';
import { withinLimits } from './document-limits.ts';

/** Seconds that counters outlive their last write: they are looked at again when versions are compared. */
const TTL_SECONDS = 30 * 86_400;

/** A document of container `counters`; `rollout` is its partition key. */
export interface CountersDocument {
  /** `{stage}:{boot}`. */
  readonly id: string;
  readonly rollout: string;
  readonly stage: number;
  readonly body: StageCounts;
  /** Seconds from its last write until Cosmos removes it. */
  readonly ttl: number;
}

/** @throws ServingError as `withinLimits` does */
export function countersDocument(counts: StageCounts): CountersDocument {
  const { key, stage, boot } = counts;
  return withinLimits(
    { id: `${stage}:${boot}`, rollout: key, stage, body: counts, ttl: TTL_SECONDS },
    `counters of stage ${stage} of rollout ${key}`,
  );
}
