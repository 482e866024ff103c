import { type AutoscaleRules, autoscale } from './autoscale-scaler.ts';
import type { Billing, Replicas } from './billing.ts';
import type { FleetSettings } from './fleet.ts';
import { type FlexPace, flexHttp, flexQueue } from './flex-scaler.ts';
import { type KedaRules, keda } from './keda-scaler.ts';
import { CONTAINER_APPS, DEDICATED, FLEX, KUBERNETES, QUEUES, TIMERS_EVERY_MS } from './shipped.ts';
import type { ArrivalKind } from './traces.ts';

/** Where the app runs, with its settings. */
export interface Plan {
  readonly name: string;
  readonly fleets: readonly {
    readonly kinds: readonly ArrivalKind[];
    readonly settings: FleetSettings;
  }[];
  /** Milliseconds between the ticks of each timer function that is paid by its ticks. */
  readonly timersEveryMs: readonly number[];
  readonly billing: Billing;
}

/** What is not documented: assumed, and tried with other values in the report. */
const ASSUMED = {
  /** From the decision to a host that asks for the app's code. */
  flexStartMs: 1_500,
  replicaStartMs: 10_000,
  dedicatedStartMs: 240_000,
  /** Model and registry over the network, beside what is measured. */
  fetchMs: 300,
  /** For how long Flex Consumption keeps what was wanted. */
  flexIdleMs: 300_000,
} as const;

/** From the process's start to its first prediction: the bundle as it ships, measured, of a core. */
const OWN_START_MS = 115;
const DEDICATED_CORES = 2;

export interface FlexOptions extends FlexPace {
  readonly name: string;
  readonly instanceMemoryMB: number;
  readonly maximumInstances: number;
  readonly httpConcurrency: number;
  readonly alwaysReadyHttp: number;
  readonly batchSize: number;
  readonly newBatchThreshold: number;
  readonly startMs: number;
  readonly routing: FleetSettings['routing'];
  readonly timersEveryMs: readonly number[];
}

/** As it ships, but for what is given. Each trigger's group has the maximum for itself: assumed. */
export function flexPlan(changes: Partial<FlexOptions> = {}): Plan {
  const options: FlexOptions = {
    name: 'Flex Consumption',
    ...FLEX,
    ...QUEUES,
    startMs: ASSUMED.flexStartMs,
    idleMs: ASSUMED.flexIdleMs,
    httpStep: Number.POSITIVE_INFINITY,
    routing: 'fewest',
    timersEveryMs: TIMERS_EVERY_MS,
    ...changes,
  };
  const { httpConcurrency, batchSize, newBatchThreshold, routing } = options;
  const cores = options.instanceMemoryMB / 2048;
  const common = {
    cores,
    startMs: options.startMs + ownStartMs(cores),
    maximum: options.maximumInstances,
    queue: { ...QUEUES, batchSize, newBatchThreshold },
    routing,
  };
  const http: FleetSettings = {
    ...common,
    minimum: options.alwaysReadyHttp,
    perInstanceRequests: httpConcurrency,
    scaler: () => flexHttp(httpConcurrency, options),
  };
  const chunks = { ...common, minimum: 0, scaler: () => flexQueue(batchSize, options) };
  return {
    name: options.name,
    fleets: [
      { kinds: ['http'], settings: http },
      { kinds: ['chunk'], settings: chunks },
    ],
    timersEveryMs: options.timersEveryMs,
    billing: { kind: 'flex', memoryGb: options.instanceMemoryMB / 1024 },
  };
}

export interface ReplicaOptions extends Required<KedaRules>, Replicas {
  readonly name: string;
  readonly minimum: number;
  readonly maximum: number;
}

export function containerAppsPlan(changes: Partial<ReplicaOptions> = {}): Plan {
  return replicasPlan('containerApps', { name: 'Container Apps', ...CONTAINER_APPS, ...changes });
}

export function kubernetesPlan(changes: Partial<ReplicaOptions> = {}): Plan {
  return replicasPlan('nodes', { name: 'Kubernetes', ...KUBERNETES, ...changes });
}

/** Requests and chunks have instances of their own; a third one keeps the clock. */
function replicasPlan(kind: 'containerApps' | 'nodes', options: ReplicaOptions): Plan {
  const { vcpus, memoryGib, clock, minimum, maximum, http, queueLength, pollingMs, steps } =
    options;
  const common = {
    cores: vcpus,
    startMs: ASSUMED.replicaStartMs + ownStartMs(vcpus),
    maximum,
    queue: QUEUES,
    routing: 'fewest',
  } as const;
  return {
    name: options.name,
    fleets: [
      {
        kinds: ['http'],
        settings: { ...common, minimum, scaler: () => keda({ http, pollingMs, steps }) },
      },
      {
        kinds: ['chunk'],
        settings: { ...common, minimum: 0, scaler: () => keda({ queueLength, pollingMs, steps }) },
      },
    ],
    timersEveryMs: [],
    billing: { kind, vcpus, memoryGib, clock },
  };
}

export interface DedicatedOptions {
  readonly name: string;
  readonly minimum: number;
  readonly maximum: number;
  readonly rules: AutoscaleRules;
}

export function dedicatedPlan(changes: Partial<DedicatedOptions> = {}): Plan {
  const { name, minimum, maximum, rules } = { name: 'Dedicated', ...DEDICATED, ...changes };
  const settings: FleetSettings = {
    cores: DEDICATED_CORES,
    startMs: ASSUMED.dedicatedStartMs + ownStartMs(DEDICATED_CORES),
    minimum,
    maximum,
    queue: QUEUES,
    routing: 'fewest',
    scaler: () => autoscale(rules),
  };
  return {
    name,
    fleets: [{ kinds: ['http', 'chunk'], settings }],
    timersEveryMs: [],
    billing: { kind: 'dedicated' },
  };
}

function ownStartMs(cores: number): number {
  return ASSUMED.fetchMs + OWN_START_MS / Math.min(1, cores);
}
