/** What the repository ships; shipped.test.ts holds it to where it stands. */

/** infra/main.bicep, `scale`. */
export const FLEX = {
  instanceMemoryMB: 2048,
  maximumInstances: 100,
  httpConcurrency: 16,
  alwaysReadyHttp: 0,
} as const;

/** host.json, `extensions.queues`. */
export const QUEUES = { batchSize: 1, newBatchThreshold: 0, maxPollingMs: 2_000 } as const;

/** functions/tend.ts: one function, each minute. */
export const TIMERS_EVERY_MS: readonly number[] = [60_000];

/** deploy/kubernetes: scaling.yaml; http.yaml and workers.yaml; clock.yaml. */
export const KUBERNETES = {
  vcpus: 2,
  memoryGib: 4,
  minimum: 0,
  maximum: 20,
  http: { by: 'inFlight', target: 4 },
  queueLength: 1,
  pollingMs: 10_000,
  steps: 'kubernetes',
  clock: { vcpus: 0.5, memoryGib: 1 },
} as const;

/** deploy/container-apps/main.bicep and app.bicep. */
export const CONTAINER_APPS = {
  ...KUBERNETES,
  http: { by: 'rate', target: 32 },
  steps: 'containerApps',
} as const;

/** infra/main.bicep, `dedicated`, and infra/autoscale.bicep. */
export const DEDICATED = {
  sku: 'P1v3',
  minimum: 1,
  maximum: 5,
  rules: {
    out: { saturation: 0.55, cpu: 0.8, chunks: 20, windowMinutes: 5, coolDownMinutes: 5 },
    in: { cpu: 0.25, windowMinutes: 15, coolDownMinutes: 15 },
  },
} as const;
