import type { BodyPool } from '../../inference/body-pool.ts';
import type { EngineWatcher } from '../../ports/engine.ts';
import type { ColdStart } from '../../telemetry/cold-start.ts';
import type { PreparedModels, PreparedModelsOptions } from './prepared-models.ts';

export interface EngineOptions {
  /** The bundled thread entry. */
  readonly workerFile: URL;
  readonly threads: number;
  readonly modelCacheBytes: number;
  readonly maxQueuedRequests: number;
  readonly maxQueuedBytes: number;
  readonly maxBodyBytes: number;
  /** Gets back the large bodies that were read; absent: they are let go. */
  readonly bodyPool?: BodyPool;
  readonly maxRunMs: number;
  /** A model whose run of one row is shorter may run on the main thread; 0: none does. */
  readonly maxInlineRunMs: number;
  /** Where prepared forms of models are kept, given how they are made; absent: none are made. */
  readonly prepared?: (prepare: PreparedModelsOptions['prepare']) => PreparedModels;
  readonly coldStart?: ColdStart;
  readonly watcher?: EngineWatcher;
}
