import { figuresOf } from './figures.ts';
import { idleTable } from './idle-cost.ts';
import { containerAppsPlan, dedicatedPlan, flexPlan, kubernetesPlan, type Plan } from './plans.ts';
import { type Outcome, simulate } from './simulate.ts';
import { SWEEPS } from './sweeps.ts';
import { figuresTable } from './tables.ts';
import { TRACE_NAMES, type Trace, traceNamed } from './traces.ts';
import { WORKLOADS, type Workload } from './workloads.ts';

/** As they ship, by the names of `--plan`. */
export const PLANS: Readonly<Record<string, () => Plan>> = {
  flex: flexPlan,
  'container-apps': containerAppsPlan,
  kubernetes: kubernetesPlan,
  dedicated: dedicatedPlan,
};

export interface Tried {
  readonly plan: Plan;
  readonly trace: Trace;
  readonly outcome: Outcome;
}

export function tryPlans(
  trace: Trace,
  plans: readonly Plan[],
  workload: Workload = WORKLOADS.text,
): Tried[] {
  return plans.map((plan) => ({ plan, trace, outcome: simulate({ plan, trace, workload }) }));
}

/** A heading and the table of one trace's runs. */
export function section(title: string, what: string, tried: readonly Tried[]): string {
  const rows = tried.map(({ plan, outcome }) => ({
    name: plan.name,
    figures: figuresOf(outcome),
  }));
  return `**${title}**\n\n${figuresTable(what, rows)}`;
}

/** The shipped settings on every trace, and what an idle app costs. */
export function plansReport(): string {
  const plans = Object.values(PLANS).map((make) => make());
  const sections = TRACE_NAMES.map((name) => {
    const trace = traceNamed(name);
    return section(`${name}: ${trace.about}`, 'plan', tryPlans(trace, plans));
  });
  return [...sections, `**an idle app's timers**\n\n${idleTable()}`].join('\n\n');
}

/** Each setting with several values. */
export function sweepsReport(): string {
  const traces = new Map(TRACE_NAMES.map((name) => [name, traceNamed(name)]));
  return SWEEPS.map(({ title, what, trace, workload, plans }) => {
    const chosen = traces.get(trace) ?? traceNamed(trace);
    return section(title, what, tryPlans(chosen, plans, WORKLOADS[workload]));
  }).join('\n\n');
}

/** The page with what stands between the markers of that name replaced. @throws Error without them */
export function putInto(page: string, name: string, text: string): string {
  const [begin, end] = markers(name);
  const [before, rest] = page.split(begin);
  const after = rest?.split(end)[1];
  if (before === undefined || after === undefined) {
    throw new Error(`expected the markers ${begin} and ${end}`);
  }
  return `${before}${begin}\n\n${text}\n\n${end}${after}`;
}

function markers(name: string): [string, string] {
  return [`<!-- npm run simulate:scaling: ${name} -->`, `<!-- end of ${name} -->`];
}
