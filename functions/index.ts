import { liveFunction, readyFunction } from './health.ts';
import { inferFunction, inferVersionFunction } from './infer.ts';
import {
  modelConfigFunction,
  modelMetadataFunction,
  modelReadyFunction,
  versionConfigFunction,
  versionMetadataFunction,
  versionReadyFunction,
} from './model-metadata.ts';
import { loadFunction, repositoryIndexFunction, unloadFunction } from './model-repository.ts';
import {
  allStatisticsFunction,
  modelStatisticsFunction,
  versionStatisticsFunction,
} from './model-statistics.ts';
import { serverMetadataFunction } from './server-metadata.ts';
import type { FunctionDefinition } from './trigger.ts';

/** Every function of the app. `main.ts` registers them with Azure, the local host serves them. */
export const functions: readonly FunctionDefinition[] = [
  liveFunction,
  readyFunction,
  serverMetadataFunction,
  inferFunction,
  inferVersionFunction,
  modelMetadataFunction,
  versionMetadataFunction,
  modelReadyFunction,
  versionReadyFunction,
  modelConfigFunction,
  versionConfigFunction,
  allStatisticsFunction,
  modelStatisticsFunction,
  versionStatisticsFunction,
  repositoryIndexFunction,
  loadFunction,
  unloadFunction,
];
