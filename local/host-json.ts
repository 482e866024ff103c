import * as z from 'zod';

/** What the local host takes from host.json. */
export interface HostSettings {
  /** Without slashes at its ends; empty for none. */
  readonly routePrefix: string;
  readonly queues: QueueSettings;
}

export interface QueueSettings {
  /** Messages fetched at once. */
  readonly batchSize: number;
  /** More are fetched when no more than this many are being handled. */
  readonly newBatchThreshold: number;
  /** Tries before a message goes to the poison queue. */
  readonly maxDequeueCount: number;
  /** How long a message whose handling failed stays hidden. */
  readonly visibilityTimeoutMs: number;
  readonly maxPollingIntervalMs: number;
  readonly messageEncoding: 'base64' | 'none';
}

const TIME_SPAN = /^(?:(\d{1,8})\.)?(\d{1,2}):(\d{2}):(\d{2})(?:\.(\d{1,7}))?$/;

/** .NET's `[d.]hh:mm:ss[.fraction]`, in milliseconds. */
const timeSpan = z.string().transform((text, context) => {
  const match = TIME_SPAN.exec(text);
  if (!match) {
    context.addIssue({ code: 'custom', message: `expected hh:mm:ss, got ${JSON.stringify(text)}` });
    return z.NEVER;
  }
  const [days, hours, minutes, seconds, fraction] = [
    match[1],
    match[2],
    match[3],
    match[4],
    match[5] && `0.${match[5]}`,
  ].map((digits) => Number(digits ?? 0)) as [number, number, number, number, number];
  return (((days * 24 + hours) * 60 + minutes) * 60 + seconds + fraction) * 1000;
});

// The defaults are those of the Functions host.
const hostJson = z.object({
  version: z.literal('2.0'),
  extensions: z
    .object({
      http: z.object({ routePrefix: z.string().default('api') }).prefault({}),
      queues: z
        .object({
          batchSize: z.number().int().min(1).max(32).default(16),
          newBatchThreshold: z.number().int().min(0).optional(),
          maxDequeueCount: z.number().int().min(1).default(5),
          visibilityTimeout: timeSpan.prefault('00:00:00'),
          maxPollingInterval: timeSpan.prefault('00:01:00'),
          messageEncoding: z.enum(['base64', 'none']).default('base64'),
        })
        .prefault({}),
    })
    .prefault({}),
});

/** Reads the value of a host.json. @throws Error that names each wrong member */
export function parseHostJson(value: unknown): HostSettings {
  const parsed = hostJson.safeParse(value);
  if (!parsed.success) {
    const issues = parsed.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`);
    throw new Error(`host.json: ${issues.join('; ')}`);
  }
  const { http, queues } = parsed.data.extensions;
  return {
    routePrefix: http.routePrefix.replace(/^\/+|\/+$/g, ''),
    queues: {
      batchSize: queues.batchSize,
      newBatchThreshold: queues.newBatchThreshold ?? Math.floor(queues.batchSize / 2),
      maxDequeueCount: queues.maxDequeueCount,
      visibilityTimeoutMs: queues.visibilityTimeout,
      maxPollingIntervalMs: queues.maxPollingInterval,
      messageEncoding: queues.messageEncoding,
    },
  };
}
