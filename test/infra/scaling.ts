import { functions } from '../../functions/index.ts';
import { METRICS } from '../../shared/telemetry/metric-names.ts';
import { fileOf } from './bicep-folder.ts';
import { propertyAt, textOf, type Value } from './bicep-values.ts';
import type { Expectation } from './expectations.ts';

/** Scale rules look at metrics that there are, and go back more slowly than they went on. */
export const autoscale: Expectation = (infra) => {
  const file = fileOf(infra, 'autoscale.bicep');
  const rules = propertyAt(file, 'autoscale.properties.profiles.0.rules')?.value;
  const wrong: string[] = [];
  const seen: Record<string, { minutes: number; cooldown: number }[]> = {
    Increase: [],
    Decrease: [],
  };
  for (const rule of Array.isArray(rules) ? rules : []) {
    const [metric, namespace, resource, window, direction, cooldown] = [
      'metricTrigger.metricName',
      'metricTrigger.metricNamespace',
      'metricTrigger.metricResourceUri',
      'metricTrigger.timeWindow',
      'scaleAction.direction',
      'scaleAction.cooldown',
    ].map((path) => memberOf(rule, path)) as [string, string, string, string, string, string];
    if (!SOURCES.some((source) => source.join() === [metric, namespace, resource].join())) {
      wrong.push(`autoscale.bicep: there is no ${metric} of ${namespace} at ${resource}`);
    }
    seen[direction]?.push({ minutes: minutesOf(window), cooldown: minutesOf(cooldown) });
    if (direction === 'Increase' && minutesOf(window) < 5)
      wrong.push('autoscale.bicep: five minutes is the least');
  }
  const [out = [], back = []] = [seen['Increase'], seen['Decrease']];
  const slowest = (list: typeof out) => Math.max(...list.map(({ minutes }) => minutes));
  if (out.length < 3 || back.length < 2) wrong.push('autoscale.bicep: a rule is missing');
  if (slowest(out) >= Math.min(...back.map(({ minutes }) => minutes)))
    wrong.push('autoscale.bicep goes back too soon');
  for (const what of ['Saturation', 'Cpu']) {
    const at = (which: string) =>
      Number(new RegExp(`^param scale${which}${what}Percent int = (\\d+)$`, 'm').exec(file)?.[1]);
    // Two instances that become one must not come back at once.
    if (!(at('In') * 2 <= at('Out')))
      wrong.push(`autoscale.bicep: ${what} would make instances come and go`);
  }
  return wrong;
};

const SOURCES: readonly (readonly [metric: string, namespace: string, resource: string])[] = [
  [METRICS.saturation.name, 'Azure.ApplicationInsights', 'insightsId'],
  ['CpuPercentage', 'Microsoft.Web/serverfarms', 'planId'],
  [
    'ApproximateMessageCount',
    '',
    `'\${storageId}/services/queue/queues/${functions.flatMap((one) => (one.name === 'score-batch' && one.kind === 'queue' ? [one.queue] : []))[0] ?? '?'}'`,
  ],
];

function memberOf(value: Value, path: string): string {
  let found: Value | undefined = value;
  for (const step of path.split('.'))
    found = found instanceof Map ? found.get(step)?.value : undefined;
  return found === undefined ? '' : textOf({ value: found });
}

function minutesOf(duration: string): number {
  return Number(/^PT(\d+)M$/.exec(duration)?.[1]);
}

/** Instances over zones need two that always stand; less is refused before anything is made. */
export const zones: Expectation = (infra) => {
  const app = fileOf(infra, 'app.bicep');
  return [
    ['flex.params.scale', 'scale.alwaysReadyHttp'],
    ['ownPlan.params.dedicated', 'dedicated.minimumInstances'],
  ].flatMap(([path = '', count = '']) =>
    textOf(propertyAt(app, path)).startsWith(`zoneRedundant && ${count} < 2 ? fail(`)
      ? []
      : [`app.bicep: ${count} may be less than zones need`],
  );
};
