import { batchErrorsFunction, batchOutputFunction } from './batch-result.ts';
import { cancelBatchFunction } from './cancel-batch.ts';
import {
  abortRolloutFunction,
  pauseRolloutFunction,
  promoteRolloutFunction,
  resumeRolloutFunction,
} from './command-rollout.ts';
import { compareVersionsFunction } from './compare-versions.ts';
import { createBatchFunction } from './create-batch.ts';
import { deleteModelFunction } from './delete-model.ts';
import { dropModelFunction } from './drop-model.ts';
import { liveFunction, readyFunction } from './health.ts';
import { inferFunction, inferVersionFunction } from './infer.ts';
import { listBatchesFunction } from './list-batches.ts';
import { listModelsFunction } from './list-models.ts';
import { listRolloutsFunction } from './list-rollouts.ts';
import { listVersionsFunction } from './list-versions.ts';
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
import { nameVersionFunction } from './name-version.ts';
import { poisonedBatchFunction } from './poisoned-batch.ts';
import { poisonedRegistrationFunction } from './poisoned-registration.ts';
import { readBatchFunction } from './read-batch.ts';
import { readHistoryFunction } from './read-history.ts';
import { readModelFunction } from './read-model.ts';
import { readRolloutFunction } from './read-rollout.ts';
import { readVersionFunction } from './read-version.ts';
import { registerModelFunction } from './register-model.ts';
import { removeAliasFunction } from './remove-alias.ts';
import { retireVersionFunction } from './retire-version.ts';
import { rollBackFunction } from './roll-back.ts';
import { routeTrafficFunction } from './route-traffic.ts';
import { scoreBatchFunction } from './score-batch.ts';
import { serverMetadataFunction } from './server-metadata.ts';
import { startRolloutFunction } from './start-rollout.ts';
import { tendFunction } from './tend.ts';
import type { FunctionDefinition } from './trigger.ts';
import { uploadFunction } from './upload.ts';
import { validateRegistrationFunction } from './validate-registration.ts';
import { versionReportFunction } from './version-report.ts';
import { warmUpFunction } from './warm-up.ts';

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
  listModelsFunction,
  readModelFunction,
  deleteModelFunction,
  listVersionsFunction,
  readVersionFunction,
  retireVersionFunction,
  nameVersionFunction,
  removeAliasFunction,
  routeTrafficFunction,
  startRolloutFunction,
  listRolloutsFunction,
  readRolloutFunction,
  pauseRolloutFunction,
  resumeRolloutFunction,
  promoteRolloutFunction,
  abortRolloutFunction,
  rollBackFunction,
  readHistoryFunction,
  registerModelFunction,
  modelFileFunction,
  versionReportFunction,
  compareVersionsFunction,
  uploadFunction,
  createBatchFunction,
  listBatchesFunction,
  readBatchFunction,
  cancelBatchFunction,
  batchOutputFunction,
  batchErrorsFunction,
  validateRegistrationFunction,
  poisonedRegistrationFunction,
  dropModelFunction,
  scoreBatchFunction,
  poisonedBatchFunction,
  tendFunction,
  warmUpFunction,
];
