import { CONTAINER_APPS, DEDICATED, FLEX, HOURS_A_MONTH, NODES } from './prices.ts';
import type { Life } from './record.ts';

/** What a plan is paid by. */
export type Billing =
  | { readonly kind: 'flex'; readonly memoryGb: number }
  | ({ readonly kind: 'containerApps' | 'nodes' } & Replicas)
  | { readonly kind: 'dedicated' };

export interface Replicas extends Size {
  /** What runs all the time beside them. */
  readonly clock: Size;
}

interface Size {
  readonly vcpus: number;
  readonly memoryGib: number;
}

export interface Usage {
  readonly lives: readonly Life[];
  readonly requests: number;
  readonly executions: number;
  readonly durationMs: number;
  /** Not, where other apps of the subscription use them up. */
  readonly hasGrants?: boolean;
}

export interface Bill {
  /** Of memory that was paid as working, with the least periods. */
  readonly gbSeconds: number;
  readonly vcpuSeconds: number;
  /** Of a month of such days, in US dollars. */
  readonly monthly: number;
}

const MONTH_MS = HOURS_A_MONTH * 3_600_000;
/** Learn, "Flex Consumption plan": at least 1,000 ms, then rounded up to 100. */
const LEAST_PERIOD_MS = 1_000;
const ROUNDED_TO_MS = 100;

export function bill(billing: Billing, usage: Usage): Bill {
  const months = MONTH_MS / usage.durationMs;
  switch (billing.kind) {
    case 'flex':
      return flexBill(billing.memoryGb, usage, months);
    case 'containerApps':
    case 'nodes':
      return replicasBill(billing, usage, months);
    case 'dedicated': {
      const seconds = livedSeconds(usage.lives);
      const monthly = (seconds / 3_600) * DEDICATED.instanceHour * months;
      return { gbSeconds: 8 * seconds, vcpuSeconds: 2 * seconds, monthly };
    }
  }
}

/** What is kept ready is paid while it idles too; its executions are counted by its share of time. */
function flexBill(memoryGb: number, usage: Usage, months: number): Bill {
  const { lives, executions, hasGrants = true } = usage;
  const { onDemand, alwaysReady } = FLEX;
  const gb = (chosen: readonly Life[]): number =>
    chosen.reduce((sum, { periods }) => sum + (billedMs(periods) / 1_000) * memoryGb, 0);
  const kept = lives.filter(({ isKept }) => isKept);
  const demanded = gb(lives.filter(({ isKept }) => !isKept));
  const ready = gb(kept);
  const gbSeconds = demanded + ready;
  const onDemandPart = gbSeconds === 0 ? 0 : demanded / gbSeconds;
  const beyond = (used: number, free: number): number =>
    Math.max(0, used * months - (hasGrants ? free : 0));
  const monthly =
    beyond(demanded, onDemand.freeGbSeconds) * onDemand.gbSecond +
    beyond(executions * onDemandPart, onDemand.freeExecutions) * onDemand.execution +
    ready * months * alwaysReady.gbSecond +
    livedSeconds(kept) * memoryGb * months * alwaysReady.baselineGbSecond +
    executions * (1 - onDemandPart) * months * alwaysReady.execution;
  return { gbSeconds, vcpuSeconds: gbSeconds / 2, monthly };
}

/**
 * Replicas are paid from their start to their end. On Container Apps the lower rate of those that
 * idle is left out; on nodes of one's own it is assumed that nodes come and go with them.
 */
function replicasBill(
  { kind, vcpus, memoryGib, clock }: Replicas & { readonly kind: 'containerApps' | 'nodes' },
  { lives, requests, durationMs, hasGrants = true }: Usage,
  months: number,
): Bill {
  const seconds = livedSeconds(lives);
  const vcpuSeconds = seconds * vcpus + (durationMs / 1_000) * clock.vcpus;
  const gbSeconds = seconds * memoryGib + (durationMs / 1_000) * clock.memoryGib;
  if (kind === 'nodes') {
    return { gbSeconds, vcpuSeconds, monthly: (vcpuSeconds / 3_600) * NODES.vcpuHour * months };
  }
  const prices = CONTAINER_APPS;
  const beyond = (used: number, free: number): number =>
    Math.max(0, used * months - (hasGrants ? free : 0));
  const monthly =
    beyond(vcpuSeconds, prices.freeVcpuSeconds) * prices.vcpuSecond +
    beyond(gbSeconds, prices.freeGibSeconds) * prices.gibSecond +
    beyond(requests, prices.freeRequests) * prices.request;
  return { gbSeconds, vcpuSeconds, monthly };
}

function livedSeconds(lives: readonly Life[]): number {
  return lives.reduce((sum, { from, to }) => sum + (to - from) / 1_000, 0);
}

/**
 * Milliseconds that Flex Consumption asks for an instance's periods of work. That work which begins
 * within what is paid already prolongs it, and is not another period, is assumed.
 */
export function billedMs(periods: Life['periods']): number {
  let total = 0;
  let [paidFrom, paidTo, worksTo] = [Number.NaN, Number.NEGATIVE_INFINITY, 0];
  for (const { from, to } of periods) {
    if (from > paidTo) {
      if (paidTo > paidFrom) total += paidTo - paidFrom;
      [paidFrom, worksTo] = [from, to];
    }
    worksTo = Math.max(worksTo, to);
    // Before it is rounded, what the clock's fractions add is taken off: 1.1 s are 1,100 ms.
    const worked = Math.ceil((worksTo - paidFrom - 1e-6) / ROUNDED_TO_MS) * ROUNDED_TO_MS;
    paidTo = paidFrom + Math.max(LEAST_PERIOD_MS, worked);
  }
  return paidTo > paidFrom ? total + paidTo - paidFrom : total;
}
