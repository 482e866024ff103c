import { randomBytes, randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createAzureArtifacts } from './adapters/azure/artifacts.ts';
import { createAzureBatchFiles } from './adapters/azure/batch-files.ts';
import { createCosmosBatchJobs } from './adapters/azure/batch-jobs.ts';
import { createCosmosCounters } from './adapters/azure/counters.ts';
import { createAzureDroppedFiles } from './adapters/azure/dropped-files.ts';
import { createAzureMessages } from './adapters/azure/messages.ts';
import { createCosmosRegistry } from './adapters/azure/registry.ts';
import { createAzureTelemetry } from './adapters/azure/telemetry.ts';
import { createAzureUploads } from './adapters/azure/uploads.ts';
import { createModelFiles } from './adapters/disk/model-files.ts';
import { createRecentVersions } from './adapters/disk/recent-versions.ts';
import { createSpool } from './adapters/disk/spool.ts';
import { observeWrites } from './adapters/observed-registry.ts';
import { ThreadedEngine } from './adapters/onnx/engine.ts';
import { createInspector } from './adapters/onnx/inspector.ts';
import { createPreparedModels } from './adapters/onnx/prepared-models.ts';
import { createProcessGauges } from './adapters/process-gauges.ts';
import type { Config } from './config.ts';
import { SeenDrops } from './drops/seen-drops.ts';
import { BodyPool } from './inference/body-pool.ts';
import { ByteBudget } from './inference/byte-budget.ts';
import { CallersUnderWay } from './inference/callers-under-way.ts';
import type { ArtifactStore } from './ports/artifacts.ts';
import type { BatchFiles, BatchJobs } from './ports/batches.ts';
import type { Clock } from './ports/clock.ts';
import type { CounterStore } from './ports/counters.ts';
import type { DroppedFiles } from './ports/dropped-files.ts';
import type { Engine } from './ports/engine.ts';
import type { ModelInspector } from './ports/inspection.ts';
import type { Messages } from './ports/messages.ts';
import type { ModelFiles, Spool } from './ports/model-files.ts';
import type { RegistryStore } from './ports/registry.ts';
import type { TelemetrySink } from './ports/telemetry.ts';
import type { Uploads } from './ports/uploads.ts';
import { workerFile } from './start-ahead.ts';
import { ColdStart } from './telemetry/cold-start.ts';
import { StatisticsOfModels } from './telemetry/model-statistics.ts';
import { LiveRecorder } from './usecases/live-recorder.ts';
import { LiveTraffic } from './usecases/live-traffic.ts';
import { RecentModels } from './usecases/recent-models.ts';
import { ServableModels } from './usecases/servable-models.ts';
import { ShadowTraffic } from './usecases/shadow-traffic.ts';
import { Telemetry } from './usecases/telemetry.ts';
import { countLoads, telemetryGauges } from './usecases/telemetry-gauges.ts';
import { TelemetryOutbox } from './usecases/telemetry-outbox.ts';

/** Of large bodies' buffers that wait to be used again. */
const POOLED_BYTES = 64 << 20;
/** What was counted last is waited for so long when the app closes. */
const LAST_FLUSH_MS = 3_000;

/** Everything a handler may need; use cases take the slice that they use. */
export interface App {
  readonly config: Config;
  readonly clock: Clock;
  readonly artifacts: ArtifactStore;
  readonly registry: RegistryStore;
  readonly counters: CounterStore;
  readonly messages: Messages;
  readonly batchJobs: BatchJobs;
  readonly batchFiles: BatchFiles;
  readonly uploads: Uploads;
  readonly dropped: DroppedFiles;
  readonly seenDrops: SeenDrops;
  readonly spool: Spool;
  readonly modelFiles: ModelFiles;
  readonly inspector: ModelInspector;
  readonly engine: Engine;
  /** Request bodies in memory. */
  readonly bodies: ByteBudget;
  /** Where large ones may lie. */
  readonly bodyPool: BodyPool;
  readonly callers: CallersUnderWay;
  readonly models: ServableModels;
  readonly statistics: StatisticsOfModels;
  readonly recorder: LiveRecorder;
  readonly live: LiveTraffic;
  readonly coldStart: ColdStart;
  readonly telemetry: Telemetry;
  /** Sends what was counted and traced so far, and records no more; what still runs is left alone. */
  tellLast(): Promise<void>;
  /** Lets what runs end and frees everything; new work is refused. */
  close(): Promise<void>;
}

/** What stands outside the process. */
export interface Stores {
  readonly artifacts: ArtifactStore;
  readonly registry: RegistryStore;
  readonly counters: CounterStore;
  readonly messages: Messages;
  readonly batchJobs: BatchJobs;
  readonly batchFiles: BatchFiles;
  readonly uploads: Uploads;
  readonly dropped: DroppedFiles;
}

/**
 * The composition root. `dist` is the folder of the bundled entries: threads and processes start
 * there; `began` is when it was asked for, in ms since the process began. `stores` are Azure's (or
 * their emulators') and `sink` is Azure's, where the settings name one, unless a test brings others.
 */
export function compose(
  config: Config,
  {
    dist,
    stores = azureStores(config),
    sink = azureTelemetry(config),
    began = 0,
  }: { dist: URL; stores?: Stores; sink?: TelemetrySink | undefined; began?: number },
): App {
  const clock: Clock = () => Date.now();
  const coldStart = new ColdStart(() => performance.now());
  coldStart.composed(began);
  const telemetry: Telemetry = new Telemetry({
    outbox: sink && new TelemetryOutbox(sink, warn),
    config: config.telemetry,
    clock,
    now: () => performance.now(),
    hex: (digits) => randomBytes(digits / 2).toString('hex'),
    gauges: telemetryGauges(() => engine, createProcessGauges()),
  });
  const modelFiles = createModelFiles({
    dir: join(config.scratchDir, 'models'),
    artifacts: stores.artifacts,
    maxBytes: config.diskCacheBytes,
    coldStart,
  });
  const registry = observeWrites(stores.registry, (model) => {
    models.forget(model);
  });
  const models = new ServableModels(
    { registry, modelFiles, clock, coldStart },
    config.routingTtlMs,
  );
  const bodyPool = new BodyPool(POOLED_BYTES);
  const engine = new ThreadedEngine({
    workerFile: workerFile(dist),
    threads: config.vcpus,
    modelCacheBytes: config.modelCacheBytes,
    maxQueuedRequests: config.maxQueuedRequests,
    maxQueuedBytes: config.maxQueuedBytes,
    maxBodyBytes: config.maxBodyBytes,
    bodyPool,
    maxRunMs: config.maxRunMs,
    maxInlineRunMs: config.maxInlineRunMs,
    coldStart,
    watcher: countLoads(telemetry),
    prepared: (prepare) =>
      createPreparedModels({
        dir: join(config.scratchDir, 'prepared'),
        maxBytes: config.preparedCacheBytes,
        prepare,
        coldStart,
      }),
  });
  const recentModels = new RecentModels({
    engine,
    models,
    modelFiles,
    recent: createRecentVersions(join(config.scratchDir, 'recent-versions')),
    config,
  });
  void recentModels.begin();
  const recorder = new LiveRecorder({
    counters: stores.counters,
    clock,
    boot: randomUUID(),
    flushMs: config.countersFlushMs,
    warn,
  });
  const tellLast = async (): Promise<void> => {
    await Promise.all([recorder.close(LAST_FLUSH_MS), telemetry.close(LAST_FLUSH_MS)]);
  };
  const shadows = new ShadowTraffic({ clock, engine, models, recorder, config });
  return {
    config,
    clock,
    artifacts: stores.artifacts,
    registry,
    counters: stores.counters,
    messages: stores.messages,
    batchJobs: stores.batchJobs,
    batchFiles: stores.batchFiles,
    uploads: stores.uploads,
    dropped: stores.dropped,
    seenDrops: new SeenDrops(),
    spool: createSpool({ dir: join(config.scratchDir, 'spool'), maxBytes: config.maxSpoolBytes }),
    modelFiles,
    inspector: createInspector({
      examinerFile: fileURLToPath(new URL('examiner.mjs', dist)),
      timeoutMs: config.inspectionTimeoutMs,
      evaluationTimeoutMs: config.evaluationTimeoutMs,
      memoryBytes: config.inspectionMemoryBytes,
    }),
    engine,
    bodies: new ByteBudget(config.maxQueuedBytes),
    bodyPool,
    callers: new CallersUnderWay(config.maxRequestsPerCaller),
    models,
    statistics: new StatisticsOfModels(),
    recorder,
    live: new LiveTraffic({ engine, models, recorder, shadows }),
    coldStart,
    telemetry,
    async close() {
      await recentModels.end();
      // The Functions host waits 5 s for all of this, which runs alone may outlast.
      void recorder.flush();
      void telemetry.flush();
      await engine.close();
      await tellLast();
    },
    tellLast,
  };
}

function azureTelemetry({ telemetry: config }: Config): TelemetrySink | undefined {
  return config && createAzureTelemetry({ config, warn });
}

function warn(message: string): void {
  process.stderr.write(`warn: ${message}\n`);
}

function azureStores({ storage, cosmos }: Config): Stores {
  return {
    artifacts: createAzureArtifacts({ storage }),
    registry: createCosmosRegistry(cosmos),
    counters: createCosmosCounters(cosmos),
    messages: createAzureMessages({ storage }),
    batchJobs: createCosmosBatchJobs(cosmos, { clock: () => Date.now() }),
    batchFiles: createAzureBatchFiles({ storage }),
    uploads: createAzureUploads({ storage }),
    dropped: createAzureDroppedFiles({ storage }),
  };
}
