import type { Drop } from '../drops/drop.ts';
import type { DropId, Fingerprint, ModelName, RolloutId, Version } from '../ids.ts';
import type { ModelEvent } from '../registry/events.ts';
import type { ModelRecord, Submission, Verdict } from '../registry/model-record.ts';
import type { Rollout } from '../rollout/rollout.ts';
import type { Stored } from './clock.ts';

/**
 * Version metadata. Every write is conditional: `create…` answers false, `replace…` undefined, when
 * another writer was first. Absent is undefined; a registry that can't be reached throws
 * ServingError `unavailable`.
 */
export interface RegistryStore {
  readModel(model: ModelName): Promise<Stored<ModelRecord> | undefined>;
  createModel(record: ModelRecord): Promise<Stored<ModelRecord> | undefined>;
  replaceModel(record: ModelRecord, etag: string): Promise<Stored<ModelRecord> | undefined>;
  /** Models that are not deleted, by name, strictly after `after`; at most `limit`. */
  listModels(page: { after?: ModelName; limit: number }): Promise<ModelRecord[]>;
  /** Models with work left undone: something pending since before `before` (ms), or a purge owed. */
  listUnfinished(query: { before: number; limit: number }): Promise<ModelRecord[]>;

  createSubmission(submission: Submission): Promise<boolean>;
  readSubmission(key: {
    model: ModelName;
    incarnation: number;
    fingerprint: Fingerprint;
  }): Promise<Submission | undefined>;
  createVerdict(verdict: Verdict): Promise<boolean>;
  readVerdict(key: {
    model: ModelName;
    incarnation: number;
    version: Version;
  }): Promise<Verdict | undefined>;

  createEvent(model: ModelName, event: ModelEvent): Promise<boolean>;
  readEvent(model: ModelName, seq: number): Promise<ModelEvent | undefined>;
  /** Events with `seq` > `after`, oldest first; at most `limit`. */
  listEvents(model: ModelName, page: { after: number; limit: number }): Promise<ModelEvent[]>;

  /** Models whose rollout runs or is paused; at most `limit`. */
  listRollingOut(page: { limit: number }): Promise<ModelRecord[]>;
  /** Keeps a rollout that ended, once the record is to hold another; false when it stands already. */
  createRollout(model: ModelName, rollout: Rollout): Promise<boolean>;
  readRollout(model: ModelName, id: RolloutId): Promise<Rollout | undefined>;
  /** Rollouts that the record no longer holds, newest first (by `createdAt`, then id), strictly before `before`. */
  listRollouts(
    model: ModelName,
    page: { before?: Pick<Rollout, 'createdAt' | 'id'>; limit: number },
  ): Promise<Rollout[]>;

  /** False when that blob's state was seen before. */
  createDrop(drop: Drop): Promise<boolean>;
  readDrop(model: ModelName, id: DropId): Promise<Stored<Drop> | undefined>;
  replaceDrop(drop: Drop, etag: string): Promise<Stored<Drop> | undefined>;
  /** Drops that are not settled: of one model, or of all; at most `limit`. */
  listUnsettledDrops(page: { model?: ModelName; limit: number }): Promise<Drop[]>;

  /** Resolves when the registry answers. @throws ServingError `unavailable` */
  ping(): Promise<void>;
}
