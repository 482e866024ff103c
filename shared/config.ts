import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import * as z from 'zod';

/** How to reach an Azure resource: by identity (the usual way) or with a connection string. */
export type Connection<Endpoints> =
  | { readonly kind: 'identity'; readonly endpoints: Endpoints; readonly clientId?: string }
  | { readonly kind: 'connectionString'; readonly connectionString: string };

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
  /** How long a version may wait for its validation before it is sent there again. */
  readonly sweepAfterMs: number;
  readonly inspectionTimeoutMs: number;
  readonly inspectionMemoryBytes: number;
  /** HTTP between the Functions host and the worker proxied (true) or over gRPC. */
  readonly httpStreaming: boolean;
}

const count = (fallback: number, most = Number.MAX_SAFE_INTEGER) =>
  z.coerce.number().int().positive().max(most).default(fallback);
const url = z.url({ protocol: /^https?$/ });

const ENV = z.object({
  PILOTLIGHT_STORAGE: z.string().min(1).optional(),
  PILOTLIGHT_STORAGE__blobServiceUri: url.optional(),
  PILOTLIGHT_STORAGE__queueServiceUri: url.optional(),
  PILOTLIGHT_STORAGE__clientId: z.string().min(1).optional(),
  PILOTLIGHT_COSMOS: z.string().min(1).optional(),
  PILOTLIGHT_COSMOS__accountEndpoint: url.optional(),
  PILOTLIGHT_COSMOS__clientId: z.string().min(1).optional(),
  PILOTLIGHT_COSMOS_DATABASE: z.string().min(1).default('pilotlight'),
  PILOTLIGHT_VCPUS: z.coerce.number().int().min(1).max(64).default(availableParallelism()),
  PILOTLIGHT_SCRATCH_DIR: z.string().min(1).default(join(tmpdir(), 'pilotlight')),
  PILOTLIGHT_MAX_BODY_BYTES: count(100_000_000, 2_000_000_000),
  PILOTLIGHT_MAX_MODEL_BYTES: count(2_000_000_000, 2_147_483_647),
  PILOTLIGHT_MAX_SPOOL_BYTES: count(500_000_000),
  PILOTLIGHT_MODEL_CACHE_BYTES: count(1_000_000_000),
  PILOTLIGHT_DISK_CACHE_BYTES: count(4_000_000_000),
  PILOTLIGHT_PREPARED_CACHE_BYTES: count(2_000_000_000),
  PILOTLIGHT_MAX_QUEUED_REQUESTS: count(1_000),
  PILOTLIGHT_MAX_QUEUED_BYTES: count(400_000_000),
  PILOTLIGHT_REQUEST_TIMEOUT_MS: count(60_000, 225_000),
  PILOTLIGHT_MAX_RUN_MS: count(120_000),
  PILOTLIGHT_MAX_INLINE_RUN_MS: z.coerce.number().min(0).max(5).default(0.2),
  PILOTLIGHT_ROUTING_TTL_MS: count(2_000),
  PILOTLIGHT_SWEEP_AFTER_MS: count(120_000),
  PILOTLIGHT_INSPECTION_TIMEOUT_MS: count(60_000),
  PILOTLIGHT_INSPECTION_MEMORY_BYTES: count(1_500_000_000),
  PILOTLIGHT_HTTP_STREAMING: z.enum(['true', 'false']).default('true'),
});

/**
 * Reads the settings. @throws Error that names each wrong variable, what it held (never a
 * connection string) and what would do
 */
export function parseConfig(env: Readonly<Record<string, string | undefined>>): Config {
  const parsed = ENV.safeParse(env);
  if (!parsed.success) {
    throw new Error(parsed.error.issues.map((issue) => explain(issue, env)).join('\n'));
  }
  const e = parsed.data;
  return {
    storage: connection(env, 'PILOTLIGHT_STORAGE', {
      blob: 'blobServiceUri',
      queue: 'queueServiceUri',
    }),
    cosmos: {
      ...connection(env, 'PILOTLIGHT_COSMOS', { account: 'accountEndpoint' }),
      database: e.PILOTLIGHT_COSMOS_DATABASE,
    },
    vcpus: e.PILOTLIGHT_VCPUS,
    scratchDir: e.PILOTLIGHT_SCRATCH_DIR,
    maxBodyBytes: e.PILOTLIGHT_MAX_BODY_BYTES,
    maxModelBytes: e.PILOTLIGHT_MAX_MODEL_BYTES,
    maxSpoolBytes: e.PILOTLIGHT_MAX_SPOOL_BYTES,
    modelCacheBytes: e.PILOTLIGHT_MODEL_CACHE_BYTES,
    diskCacheBytes: e.PILOTLIGHT_DISK_CACHE_BYTES,
    preparedCacheBytes: e.PILOTLIGHT_PREPARED_CACHE_BYTES,
    maxQueuedRequests: e.PILOTLIGHT_MAX_QUEUED_REQUESTS,
    maxQueuedBytes: e.PILOTLIGHT_MAX_QUEUED_BYTES,
    requestTimeoutMs: e.PILOTLIGHT_REQUEST_TIMEOUT_MS,
    maxRunMs: e.PILOTLIGHT_MAX_RUN_MS,
    maxInlineRunMs: e.PILOTLIGHT_MAX_INLINE_RUN_MS,
    routingTtlMs: e.PILOTLIGHT_ROUTING_TTL_MS,
    sweepAfterMs: e.PILOTLIGHT_SWEEP_AFTER_MS,
    inspectionTimeoutMs: e.PILOTLIGHT_INSPECTION_TIMEOUT_MS,
    inspectionMemoryBytes: e.PILOTLIGHT_INSPECTION_MEMORY_BYTES,
    httpStreaming: e.PILOTLIGHT_HTTP_STREAMING === 'true',
  };
}

function connection<Name extends string>(
  env: Readonly<Record<string, string | undefined>>,
  prefix: string,
  endpointSettings: Readonly<Record<Name, string>>,
): Connection<Record<Name, string>> {
  const connectionString = env[prefix];
  if (connectionString) return { kind: 'connectionString', connectionString };
  const endpoints: Partial<Record<Name, string>> = {};
  for (const name of Object.keys(endpointSettings) as Name[]) {
    const setting = `${prefix}__${endpointSettings[name]}`;
    const endpoint = env[setting];
    if (!endpoint) {
      throw new Error(
        `${setting}: not set. Set it to the service's URL (identity-based), or ${prefix} to a connection string`,
      );
    }
    endpoints[name] = endpoint;
  }
  const clientId = env[`${prefix}__clientId`];
  return {
    kind: 'identity',
    endpoints: endpoints as Record<Name, string>,
    ...(clientId && { clientId }),
  };
}

function explain(
  issue: { path: readonly PropertyKey[]; message: string },
  env: Readonly<Record<string, string | undefined>>,
): string {
  const name = String(issue.path[0]);
  const secret = name === 'PILOTLIGHT_STORAGE' || name === 'PILOTLIGHT_COSMOS';
  return `${name}: held ${secret ? 'a value that is not shown' : JSON.stringify(env[name])}; ${issue.message}`;
}
