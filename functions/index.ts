import { liveFunction, readyFunction } from './health.ts';
import { inferFunction, inferVersionFunction } from './infer.ts';
import { modelFileFunction } from './model-file.ts';
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
import { poisonedRegistrationFunction } from './poisoned-registration.ts';
import { registerModelFunction } from './register-model.ts';
import { serverMetadataFunction } from './server-metadata.ts';
import { sweepFunction } from './sweep.ts';
import type { FunctionDefinition } from './trigger.ts';
import { validateRegistrationFunction } from './validate-registration.ts';
import { versionReportFunction } from './version-report.ts';

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
  registerModelFunction,
  modelFileFunction,
  versionReportFunction,
  validateRegistrationFunction,
  poisonedRegistrationFunction,
  sweepFunction,
];
