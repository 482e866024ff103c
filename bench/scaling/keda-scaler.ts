import { type Observation, type Scaler, stabilized } from './scaler.ts';

/** What Container Apps, and KEDA with the autoscaler of pods, go by. */
export interface KedaRules {
  /** Messages for each replica (`queueLength` of azure-queue, strategy `all`). */
  readonly queueLength?: number;
  /**
   * `rate`: requests of the last 15 s ÷ 15 s for each replica (Learn, "Set scaling rules in Azure
   * Container Apps", which calls them concurrent). `inFlight`: those under way (KEDA's HTTP add-on,
   * `scalingMetric: concurrency`).
   */
  readonly http?: { readonly by: 'rate' | 'inFlight'; readonly target: number };
  /** How often a queue is looked at while there is no replica. */
  readonly pollingMs: number;
  /** Whose steps out. */
  readonly steps: 'containerApps' | 'kubernetes';
}

/** The autoscaler of pods looks this often; 0 and 1 are the scaler's, which polls. */
const LOOK_MS = 15_000;
const TICK_MS = 5_000;
/** Kubernetes leaves as many as there are where that many more or less would be wanted. */
const TOLERANCE = 0.1;
/**
 * Scaling in goes to the most that was wanted within this: Kubernetes' default, and what scaling.yaml
 * says. Of Container Apps it is from memory.
 */
export const STABILIZATION_MS = 300_000;

/**
 * ⌈metric ÷ target⌉, the most of all rules (Kubernetes, "Horizontal Pod Autoscaling": ⌈replicas ×
 * metric ÷ target⌉ with the metric of a replica). Out on Container Apps in steps of 1, 4, 8, 16 …; on
 * Kubernetes by four or twice as many, whichever is more, and not for a tenth (its default policies and
 * tolerance: pkg/apis/autoscaling/v2/defaults.go). In, at once, to what the last five minutes wanted.
 */
export function keda(rules: KedaRules): Scaler {
  let lookedAt = 0;
  let arrived = 0;
  let last = 0;
  const byRules = (seen: Observation): number => {
    const { http, queueLength } = rules;
    const rate = arrived / ((seen.now - lookedAt) / 1_000);
    const load = http?.by === 'rate' ? rate : seen.requests;
    return Math.max(http ? load / http.target : 0, queueLength ? seen.messages / queueLength : 0);
  };
  const isKubernetes = rules.steps === 'kubernetes';
  const most = (instances: number): number => {
    if (instances === 0) return 1;
    return Math.max(isKubernetes ? instances + 4 : 4, 2 * instances);
  };
  const scaler: Scaler = {
    everyMs: TICK_MS,
    wanted: (seen) => {
      arrived += seen.arrived;
      const due = seen.instances === 0 ? rules.pollingMs : LOOK_MS;
      if (seen.now - lookedAt < due) return last;
      const needed = byRules(seen);
      const isEnough =
        isKubernetes && seen.instances > 0 && Math.abs(needed / seen.instances - 1) <= TOLERANCE;
      last = isEnough ? seen.instances : Math.min(Math.ceil(needed), most(seen.instances));
      [lookedAt, arrived] = [seen.now, 0];
      return last;
    },
  };
  return stabilized(scaler, STABILIZATION_MS);
}
