import { preloadModels } from '../shared/usecases/preload-models.ts';
import type { WarmupFunction } from './trigger.ts';

/**
 * Before an instance gets its first request: its threads and their runtime start because it is
 * composed at all, and the models that ask for it are loaded.
 */
export const warmUpFunction: WarmupFunction = {
  kind: 'warmup',
  name: 'warmup', // Azure wants this name
  handler: async (app, context) => {
    const loaded = await preloadModels(app, (text) => {
      context.warn(text);
    });
    if (loaded > 0) context.log(`${loaded} model versions preloaded`);
  },
};
