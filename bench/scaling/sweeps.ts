import { containerAppsPlan, dedicatedPlan, flexPlan, kubernetesPlan, type Plan } from './plans.ts';
import { DEDICATED } from './shipped.ts';
import type { TraceName } from './traces.ts';
import type { WorkloadName } from './workloads.ts';

/** A setting, tried with several values; the shipped one is among them. */
export interface Sweep {
  readonly title: string;
  readonly what: string;
  readonly trace: TraceName;
  readonly workload: WorkloadName;
  readonly plans: readonly Plan[];
}

function named<Value>(
  values: readonly Value[],
  plan: (value: Value, name: string) => Plan,
): Plan[] {
  return values.map((value) => plan(value, String(value)));
}

const CONCURRENCIES = [2, 4, 8, 16, 32, 64];
export const HTTP_CONCURRENCY = named(CONCURRENCIES, (httpConcurrency, name) =>
  flexPlan({ name, httpConcurrency }),
);
const MEMORIES = [512, 2048, 4096];
const READY = [0, 1, 2];

const FLEX_HTTP: Sweep[] = [
  ...(['text', 'cnn'] as const).map(
    (workload): Sweep => ({
      title: `httpConcurrency, bursty, ${workload}`,
      what: 'httpConcurrency',
      trace: 'bursty',
      workload,
      plans: HTTP_CONCURRENCY,
    }),
  ),
  {
    title: 'httpConcurrency, bursty, text, where an instance is filled before the next is used',
    what: 'httpConcurrency',
    trace: 'bursty',
    workload: 'text',
    plans: named(CONCURRENCIES, (httpConcurrency, name) =>
      flexPlan({ name, httpConcurrency, routing: 'most' }),
    ),
  },
  ...(['bursty', 'nightly'] as const).map(
    (trace): Sweep => ({
      title: `instanceMemoryMB, ${trace}, text`,
      what: 'instanceMemoryMB',
      trace,
      workload: 'text',
      plans: named(MEMORIES, (instanceMemoryMB, name) => flexPlan({ name, instanceMemoryMB })),
    }),
  ),
  ...(['steady', 'bursty', 'idle'] as const).map(
    (trace): Sweep => ({
      title: `alwaysReadyHttp, ${trace}, text`,
      what: 'alwaysReadyHttp',
      trace,
      workload: 'text',
      plans: named(READY, (alwaysReadyHttp, name) => flexPlan({ name, alwaysReadyHttp })),
    }),
  ),
];

const PAIRS = [
  [1, 0],
  [1, 1],
  [2, 0],
  [2, 1],
  [4, 0],
  [4, 2],
] as const;

const FLEX_QUEUE: Sweep[] = [
  ...(['text', 'mlp'] as const).map(
    (workload): Sweep => ({
      title: `batchSize and newBatchThreshold, nightly, chunks of ${workload === 'text' ? '20 s' : '1 s'}`,
      what: 'batchSize + threshold',
      trace: 'nightly',
      workload,
      plans: PAIRS.map(([batchSize, newBatchThreshold]) =>
        flexPlan({ name: `${batchSize} + ${newBatchThreshold}`, batchSize, newBatchThreshold }),
      ),
    }),
  ),
  {
    title: 'maximumInstances, nightly, text; and how fast instances are added',
    what: 'maximumInstances',
    trace: 'nightly',
    workload: 'text',
    plans: [
      ...named([40, 100, 200], (maximumInstances, name) => flexPlan({ name, maximumInstances })),
      ...named([40, 100, 200], (maximumInstances, name) =>
        flexPlan({
          name: `${name}, at once, each 10 s`,
          maximumInstances,
          queueLookMs: 10_000,
          queueStep: Number.POSITIVE_INFINITY,
        }),
      ),
    ],
  },
];

export const IN_FLIGHT = named([2, 4, 8, 16, 32], (target, name) =>
  kubernetesPlan({ name, http: { by: 'inFlight', target } }),
);

const REPLICAS: Sweep[] = [
  {
    title: 'queueLength and polling, nightly, text, Kubernetes',
    what: 'queueLength, polling',
    trace: 'nightly',
    workload: 'text',
    plans: [1, 2, 4].flatMap((queueLength) =>
      [10_000, 30_000].map((pollingMs) =>
        kubernetesPlan({
          name: `${queueLength}, ${pollingMs / 1_000} s`,
          queueLength,
          pollingMs,
        }),
      ),
    ),
  },
  {
    title: 'requests in flight for each replica, rising, text, Kubernetes',
    what: 'target',
    trace: 'rising',
    workload: 'text',
    plans: IN_FLIGHT,
  },
  {
    title: 'replicas that stay, bursty, text, Kubernetes',
    what: 'minReplicaCount',
    trace: 'bursty',
    workload: 'text',
    plans: named([0, 1, 2, 3], (minimum, name) => kubernetesPlan({ name, minimum })),
  },
  ...(['text', 'mlp'] as const).map(
    (workload): Sweep => ({
      title: `concurrentRequests, rising, ${workload}, Container Apps`,
      what: 'concurrentRequests',
      trace: 'rising',
      workload,
      plans: named([32, 64, 128, 256], (target, name) =>
        containerAppsPlan({ name, http: { by: 'rate', target } }),
      ),
    }),
  ),
];

/** The saturation that adds an instance, and the processor time that takes one away. */
export const SATURATION = [
  [0.4, 0.15],
  [0.5, 0.2],
  [0.55, 0.25],
  [0.6, 0.3],
  [0.7, 0.3],
  [0.9, 0.4],
].map(([out = 0, less = 0]) =>
  dedicatedPlan({
    name: `${out}, ${less}`,
    rules: {
      out: { ...DEDICATED.rules.out, saturation: out },
      in: { ...DEDICATED.rules.in, cpu: less },
    },
  }),
);

const AUTOSCALE: Sweep[] = [
  {
    title:
      'saturation that adds an instance, processor time that takes one away; rising, text, Dedicated',
    what: 'saturation, cpu',
    trace: 'rising',
    workload: 'text',
    plans: SATURATION,
  },
  {
    title:
      'processor time that adds an instance, where saturation does not count; rising, text, Dedicated',
    what: 'cpu',
    trace: 'rising',
    workload: 'text',
    plans: named([0.5, 0.6, 0.7, 0.8], (cpu, name) =>
      dedicatedPlan({
        name,
        rules: {
          ...DEDICATED.rules,
          out: { ...DEDICATED.rules.out, saturation: Number.POSITIVE_INFINITY, cpu },
        },
      }),
    ),
  },
  {
    title: 'minimumInstances, bursty, text, Dedicated',
    what: 'minimumInstances',
    trace: 'bursty',
    workload: 'text',
    plans: named([1, 2, 3], (minimum, name) => dedicatedPlan({ name, minimum })),
  },
  {
    title: 'chunks that add an instance, nightly, text, Dedicated',
    what: 'chunks',
    trace: 'nightly',
    workload: 'text',
    plans: named([5, 20, 80], (chunks, name) =>
      dedicatedPlan({
        name,
        rules: { ...DEDICATED.rules, out: { ...DEDICATED.rules.out, chunks } },
      }),
    ),
  },
];

const ASSUMPTIONS: Sweep[] = [
  {
    title: 'What is assumed of Flex Consumption, bursty, text',
    what: 'assumed',
    trace: 'bursty',
    workload: 'text',
    plans: [
      flexPlan({ name: 'as in the report' }),
      flexPlan({ name: 'starts in 0.5 s', startMs: 500 }),
      flexPlan({ name: 'starts in 5 s', startMs: 5_000 }),
      flexPlan({ name: 'one instance more a second', httpStep: 1 }),
      flexPlan({ name: 'kept for a minute', idleMs: 60_000 }),
      flexPlan({ name: 'kept for 10 minutes', idleMs: 600_000 }),
      flexPlan({ name: 'fills an instance first', routing: 'most' }),
    ],
  },
];

export const SWEEPS: readonly Sweep[] = [
  ...FLEX_HTTP,
  ...FLEX_QUEUE,
  ...REPLICAS,
  ...AUTOSCALE,
  ...ASSUMPTIONS,
];
