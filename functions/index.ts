import { liveFunction, readyFunction } from './health.ts';
import { serverMetadataFunction } from './server-metadata.ts';
import type { FunctionDefinition } from './trigger.ts';

/** Every function of the app. `main.ts` registers them with Azure, the local host serves them. */
export const functions: readonly FunctionDefinition[] = [
  liveFunction,
  readyFunction,
  serverMetadataFunction,
];
