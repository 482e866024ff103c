import { functions } from '../../functions/index.ts';
import { METRICS } from '../../shared/telemetry/metric-names.ts';
import { fileOf } from './bicep-folder.ts';
import { propertyAt, textOf, type Value } from './bicep-values.ts';
import type { Expectation } from './expectations.ts';

/** Scale rules look at metrics that there are, also while nobody asks, and go back more slowly than they went on. */
export const autoscale: Expectation = (infra) => {
  const file = fileOf(infra, 'autoscale.bicep');
  const rules = propertyAt(file, 'rules')?.value;
  const wrong: string[] = [];
  // Azure refuses rules on a metric that it does not know, and a new app has sent none.
  const taken = textOf(propertyAt(file, 'autoscale.properties.profiles.0.rules'));
  const known = `scaleBySaturation || rule.metricTrigger.metricName != '${METRICS.saturation.name}'`;
  if (taken !== `filter(rules, rule => ${known})`)
    wrong.push('autoscale.bicep: a first deployment asks for a metric that there is not yet');
  if (!/^param scaleBySaturation bool = false$/m.test(fileOf(infra, 'main.bicep')))
    wrong.push('main.bicep: a first deployment scales by saturation');
  const seen: Record<string, { metric: string; minutes: number }[]> = {
    Increase: [],
    Decrease: [],
  };
  for (const rule of Array.isArray(rules) ? rules : []) {
    const [metric, namespace, resource, window, direction] = [
      'metricTrigger.metricName',
      'metricTrigger.metricNamespace',
      'metricTrigger.metricResourceUri',
      'metricTrigger.timeWindow',
      'scaleAction.direction',
    ].map((path) => memberOf(rule, path)) as [string, string, string, string, string];
    if (!SOURCES.some((source) => source.join() === [metric, namespace, resource].join())) {
      wrong.push(`autoscale.bicep: there is no ${metric} of ${namespace} at ${resource}`);
    }
    seen[direction]?.push({ metric, minutes: minutesOf(window) });
    if (direction === 'Increase' && minutesOf(window) < 5)
      wrong.push('autoscale.bicep: five minutes is the least');
  }
  const [out = [], back = []] = [seen['Increase'], seen['Decrease']];
  const slowest = (list: typeof out) => Math.max(...list.map(({ minutes }) => minutes));
  if (out.length < 3 || back.length < 1) wrong.push('autoscale.bicep: a rule is missing');
  if (slowest(out) >= Math.min(...back.map(({ minutes }) => minutes)))
    wrong.push('autoscale.bicep goes back too soon');
  // An app without work sends no saturation, and autoscale takes nothing away on what it can't read.
  if (back.some(({ metric }) => metric !== 'CpuPercentage'))
    wrong.push('autoscale.bicep: an idle app keeps its instances');
  const percent = (name: string) => {
    const [, given = ''] = new RegExp(`^param ${name}Percent int = (.*)$`, 'm').exec(file) ?? [];
    return Math.min(...(given.match(/\d+/g) ?? [Number.NaN]).map(Number));
  };
  // Two instances that become one must not come back at once.
  for (const adds of ['scaleOutSaturation', 'scaleOutCpu']) {
    if (!(percent('scaleInCpu') * 2 <= percent(adds)))
      wrong.push(`autoscale.bicep: ${adds} would make instances come and go`);
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

/** P0v3 is of the tier Premium0V3, the others of PremiumV3: Azure knows by the size. */
export const sizes: Expectation = (infra) =>
  propertyAt(fileOf(infra, 'dedicated.bicep'), 'plan.sku.tier') === undefined
    ? []
    : ['dedicated.bicep: not each size is of that tier'];
