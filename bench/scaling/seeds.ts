import { digits, table } from '../table.ts';
import { type Figures, figuresOf, quantile } from './figures.ts';
import type { Plan } from './plans.ts';
import { tryPlans } from './report.ts';
import { HTTP_CONCURRENCY, IN_FLIGHT, SATURATION } from './sweeps.ts';
import { type Trace, type TraceName, traceNamed } from './traces.ts';
import { WORKLOADS, type WorkloadName } from './workloads.ts';

export const SEEDS = [1, 2, 3, 4, 5];
const MODELS: readonly WorkloadName[] = ['text', 'cnn'];

/** Settings whose value depends on when requests come: one draw of a trace may flatter it. */
interface Drawn {
  readonly title: string;
  readonly what: string;
  readonly trace: TraceName;
  readonly plans: readonly Plan[];
}

export const DRAWN = [
  {
    title: 'httpConcurrency, bursty',
    what: 'httpConcurrency',
    trace: 'bursty',
    plans: HTTP_CONCURRENCY,
  },
  {
    title: 'requests in flight for each replica, rising, Kubernetes',
    what: 'target',
    trace: 'rising',
    plans: IN_FLIGHT,
  },
  {
    title:
      'saturation that adds an instance, processor time that takes one away; rising, Dedicated',
    what: 'saturation, cpu',
    trace: 'rising',
    plans: SATURATION,
  },
] as const satisfies readonly Drawn[];

const SHOWN: readonly (readonly [string, (figures: Figures) => number])[] = [
  ['p99, ms', ({ waitP99Ms }) => waitP99Ms],
  ['lost', ({ lost }) => lost],
  ['$ a month', ({ monthly }) => Math.round(monthly)],
];

/** Each setting's table, for both models. */
export function seedsReport(): string {
  return DRAWN.map((drawn) => {
    const traces = SEEDS.map((seed) => traceNamed(drawn.trace, seed));
    const rows = drawn.plans.map((plan) => seedsRow(plan, traces));
    const head = MODELS.flatMap((model) => SHOWN.map(([name]) => `${model}: ${name}`));
    return `**${drawn.title}**\n\n${table([drawn.what, ...head], rows)}`;
  }).join('\n\n');
}

/** What a plan comes to on several draws of a trace. */
export function seedsRow(plan: Plan, traces: readonly Trace[]): string[] {
  const cells = MODELS.flatMap((model) => {
    const figures = traces
      .flatMap((trace) => tryPlans(trace, [plan], WORKLOADS[model]))
      .map(({ outcome }) => figuresOf(outcome));
    return SHOWN.map(([, of]) => spread(figures.map(of)));
  });
  return [plan.name, ...cells];
}

/** `median (least–most)`; the value, where all are shown as the same. */
export function spread(values: readonly number[]): string {
  const sorted = [...values].sort((a, b) => a - b);
  const [least, median, most] = [0, 0.5, 1].map((part) => digits(quantile(sorted, part)));
  return least === most ? `${median}` : `${median} (${least}–${most})`;
}
