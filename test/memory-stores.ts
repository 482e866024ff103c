import {
  createMemoryArtifacts,
  type MemoryArtifacts,
} from '../shared/adapters/memory/artifacts.ts';
import {
  createMemoryBatchFiles,
  type MemoryBatchFiles,
} from '../shared/adapters/memory/batch-files.ts';
import { createMemoryBatchJobs } from '../shared/adapters/memory/batch-jobs.ts';
import { createMemoryCounters } from '../shared/adapters/memory/counters.ts';
import { createMemoryDroppedFiles } from '../shared/adapters/memory/dropped-files.ts';
import { createMemoryMessages, type MemoryMessages } from '../shared/adapters/memory/messages.ts';
import { createMemoryRegistry } from '../shared/adapters/memory/registry.ts';
import { createMemoryUploads, type MemoryUploads } from '../shared/adapters/memory/uploads.ts';
import type { Stores } from '../shared/compose.ts';
import type { Clock } from '../shared/ports/clock.ts';

export interface MemoryStores extends Stores {
  readonly artifacts: MemoryArtifacts;
  readonly messages: MemoryMessages;
  readonly batchFiles: MemoryBatchFiles;
  readonly uploads: MemoryUploads;
}

/** Everything outside the process, in memory; what is uploaded can be registered and scored. */
export function createMemoryStores(clock: Clock = () => Date.now()): MemoryStores {
  const artifacts = createMemoryArtifacts();
  const { uploads, incoming } = artifacts;
  return {
    artifacts,
    registry: createMemoryRegistry(),
    counters: createMemoryCounters(),
    messages: createMemoryMessages(),
    batchJobs: createMemoryBatchJobs({ clock }),
    batchFiles: createMemoryBatchFiles({ uploads }),
    uploads: createMemoryUploads({ uploads, clock }),
    dropped: createMemoryDroppedFiles({ incoming, clock }),
  };
}
