import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Connection, type Env, Settings } from './settings.ts';

/** Where telemetry goes, and how much of it. */
export interface TelemetryConfig {
  readonly connectionString: string;
  /** By identity (`clientId`: a user-assigned one) in place of the key in the connection string. */
  readonly identity: { readonly clientId?: string } | undefined;
  readonly flushMs: number;
  /** Of predictions that went well; what failed, and all other work, is told of besides. */
  readonly tracesPerSecond: number;
}

/**
 * Who may do what. `open`: everybody everything, on a machine of one's own. `keys`: the platform lets
 * in who has a function's key. `roles`: by the roles of who signed in, as the platform tells.
 */
export type AccessMode = 'open' | 'keys' | 'roles';

/** Everything that can be set, parsed once. Units stand in the names. */
export interface Config {
  readonly storage: Connection<{ blob: string; queue: string }>;
  readonly cosmos: Connection<{ account: string }> & { readonly database: string };
  /** Worker threads that run models: the instance's vCPUs, not the machine's. */
  readonly vcpus: number;
  /** Local disk for spooled bodies and downloaded models. */
  readonly scratchDir: string;
  readonly maxBodyBytes: number;
  readonly maxModelBytes: number;
  /** Disk that bodies being received may take together. */
  readonly maxSpoolBytes: number;
  /** Bytes of models held loaded. */
  readonly modelCacheBytes: number;
  /** Bytes of model files kept on local disk. */
  readonly diskCacheBytes: number;
  /** Bytes of local disk for models in the form that this machine's CPU loads fastest. */
  readonly preparedCacheBytes: number;
  /** Requests that may wait for a worker, and bytes of request bodies held at once. */
  readonly maxQueuedRequests: number;
  readonly maxQueuedBytes: number;
  readonly requestTimeoutMs: number;
  /** A run that outlasts this makes the instance unready: a run can't be stopped. */
  readonly maxRunMs: number;
  /** Models whose run of one row is shorter may run on the main thread; 0: none. */
  readonly maxInlineRunMs: number;
  /** How long routing that was read may be used. */
  readonly routingTtlMs: number;
  /** How often what is counted of two versions beside each other is written, while it changes. */
  readonly countersFlushMs: number;
  /** How long a version may wait for its validation before it is sent there again. */
  readonly sweepAfterMs: number;
  /** How long batch jobs and their blobs are kept. */
  readonly batchTtlMs: number;
  /** The largest input of a batch, once inflated. */
  readonly maxBatchBytes: number;
  /** The largest part of a batch's input that one message stands for. */
  readonly maxChunkBytes: number;
  /** Hosts from which batches may read their input, by https. */
  readonly batchUrlHosts: readonly string[];
  readonly inspectionTimeoutMs: number;
  /** What the rows of an evaluation file may take beside it. */
  readonly evaluationTimeoutMs: number;
  readonly inspectionMemoryBytes: number;
  /** HTTP between the Functions host and the worker proxied (true) or over gRPC. */
  readonly httpStreaming: boolean;
  readonly access: AccessMode;
  /** Requests of one caller that are under way on an instance. */
  readonly maxRequestsPerCaller: number;
  /** Undefined: nobody is told. */
  readonly telemetry: TelemetryConfig | undefined;
}

/**
 * Reads the settings. @throws Error that names each wrong variable, what it held (never a
 * connection string) and what would do
 */
export function parseConfig(env: Env): Config {
  const given = new Settings(env);
  const config: Config = {
    storage: given.connection('PILOTLIGHT_STORAGE', {
      blob: 'blobServiceUri',
      queue: 'queueServiceUri',
    }),
    cosmos: {
      ...given.connection('PILOTLIGHT_COSMOS', { account: 'accountEndpoint' }),
      database: given.text('PILOTLIGHT_COSMOS_DATABASE', 'pilotlight'),
    },
    vcpus: given.count('PILOTLIGHT_VCPUS', availableParallelism(), 64),
    scratchDir: given.text('PILOTLIGHT_SCRATCH_DIR', join(tmpdir(), 'pilotlight')),
    maxBodyBytes: given.count('PILOTLIGHT_MAX_BODY_BYTES', 100_000_000, 2_000_000_000),
    maxModelBytes: given.count('PILOTLIGHT_MAX_MODEL_BYTES', 2_000_000_000, 2_147_483_647),
    maxSpoolBytes: given.count('PILOTLIGHT_MAX_SPOOL_BYTES', 500_000_000),
    modelCacheBytes: given.count('PILOTLIGHT_MODEL_CACHE_BYTES', 1_000_000_000),
    diskCacheBytes: given.count('PILOTLIGHT_DISK_CACHE_BYTES', 4_000_000_000),
    preparedCacheBytes: given.count('PILOTLIGHT_PREPARED_CACHE_BYTES', 2_000_000_000),
    maxQueuedRequests: given.count('PILOTLIGHT_MAX_QUEUED_REQUESTS', 1_000),
    maxQueuedBytes: given.count('PILOTLIGHT_MAX_QUEUED_BYTES', 400_000_000),
    requestTimeoutMs: given.count('PILOTLIGHT_REQUEST_TIMEOUT_MS', 60_000, 225_000),
    maxRunMs: given.count('PILOTLIGHT_MAX_RUN_MS', 120_000),
    maxInlineRunMs: given.number('PILOTLIGHT_MAX_INLINE_RUN_MS', 0.2, { least: 0, most: 5 }),
    routingTtlMs: given.count('PILOTLIGHT_ROUTING_TTL_MS', 2_000),
    countersFlushMs: given.count('PILOTLIGHT_COUNTERS_FLUSH_MS', 5_000, 600_000),
    sweepAfterMs: given.count('PILOTLIGHT_SWEEP_AFTER_MS', 120_000),
    batchTtlMs: given.count('PILOTLIGHT_BATCH_TTL_MS', 7 * 86_400_000),
    maxBatchBytes: given.count('PILOTLIGHT_MAX_BATCH_BYTES', 100_000_000_000),
    maxChunkBytes: given.count('PILOTLIGHT_BATCH_CHUNK_BYTES', 16 << 20, 64 << 20),
    batchUrlHosts: given
      .text('PILOTLIGHT_BATCH_URL_HOSTS', '')
      .split(',')
      .map((host) => host.trim().toLowerCase())
      .filter((host) => host !== ''),
    inspectionTimeoutMs: given.count('PILOTLIGHT_INSPECTION_TIMEOUT_MS', 60_000),
    evaluationTimeoutMs: given.count('PILOTLIGHT_EVALUATION_TIMEOUT_MS', 300_000),
    inspectionMemoryBytes: given.count('PILOTLIGHT_INSPECTION_MEMORY_BYTES', 1_500_000_000),
    httpStreaming: given.flag('PILOTLIGHT_HTTP_STREAMING', true),
    access: given.choice('PILOTLIGHT_ACCESS', ['keys', 'roles', 'open']),
    maxRequestsPerCaller: given.count('PILOTLIGHT_MAX_REQUESTS_PER_CALLER', 500),
    telemetry: telemetryOf(given),
  };
  if (config.access === 'roles') given.signedInByPlatform('PILOTLIGHT_ACCESS');
  given.refuseIfWrong();
  return config;
}

/** What the Functions host goes by too: its own settings, and its own format. */
function telemetryOf(given: Settings): TelemetryConfig | undefined {
  const connectionString = given.optional('APPLICATIONINSIGHTS_CONNECTION_STRING');
  const authentication = given.optional('APPLICATIONINSIGHTS_AUTHENTICATION_STRING') ?? '';
  const flushMs = given.count('PILOTLIGHT_TELEMETRY_FLUSH_MS', 15_000, 600_000);
  const tracesPerSecond = given.number('PILOTLIGHT_TRACES_PER_SECOND', 5, {
    least: 0,
    most: 1_000,
  });
  if (connectionString === undefined) return undefined;
  const clientId = /(?:^|;)\s*ClientId=([^;]+)/i.exec(authentication)?.[1]?.trim();
  const byIdentity = /(?:^|;)\s*Authorization=AAD\s*(?:;|$)/i.test(authentication);
  return {
    connectionString,
    identity: byIdentity ? { ...(clientId && { clientId }) } : undefined,
    flushMs,
    tracesPerSecond,
  };
}
