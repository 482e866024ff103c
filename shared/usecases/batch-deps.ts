import type { Config } from '../config.ts';
import type { BatchFiles, BatchJobs } from '../ports/batches.ts';
import type { Clock } from '../ports/clock.ts';
import type { Engine } from '../ports/engine.ts';
import type { Messages } from '../ports/messages.ts';
import type { RegistryStore } from '../ports/registry.ts';
import type { ServableModels } from './servable-models.ts';
import type { Telemetry } from './telemetry.ts';

/** What batch jobs need; each step takes the slice that it uses. */
export interface BatchDeps {
  readonly clock: Clock;
  readonly config: Pick<
    Config,
    'vcpus' | 'maxChunkBytes' | 'batchTtlMs' | 'batchUrlHosts' | 'maxBatchBytes' | 'sweepAfterMs'
  >;
  readonly batchJobs: BatchJobs;
  readonly batchFiles: BatchFiles;
  readonly messages: Pick<Messages, 'sendBatch' | 'countBatch'>;
  readonly registry: Pick<RegistryStore, 'readVerdict'>;
  readonly models: ServableModels;
  readonly engine: Pick<Engine, 'score'>;
  readonly telemetry: Pick<Telemetry, 'count'>;
}
