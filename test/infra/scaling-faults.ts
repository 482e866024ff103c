import { budget } from './agreement.ts';
import type { Fault } from './fault.ts';
import { autoscale, sizes, zones } from './scaling.ts';

/** What is wrong with how many instances there are, of what size, and what they may cost. */
export const FAULTS_OF_SCALING: readonly Fault[] = [
  [
    'it begins with each deployment',
    budget,
    'main.bicep',
    'empty(budgetStart) ? thisMonth : budgetStart\n    contacts',
    'thisMonth\n    contacts',
  ],
  ['azd forgets when it began', budget, 'main.bicep', /^output PILOTLIGHT_BUDGET_START .*\n/m],
  ['it is not given again', budget, 'infra/main.parameters.json', /^.*budgetStart.*\n/m],
  [
    'a metric nobody sends',
    autoscale,
    'autoscale.bicep',
    'pilotlight.saturation',
    'pilotlight.load',
  ],
  [
    'looked for elsewhere',
    autoscale,
    'autoscale.bicep',
    'Azure.ApplicationInsights',
    'microsoft.insights/components',
  ],
  ['another queue', autoscale, 'autoscale.bicep', 'queues/batch-chunks', 'queues/batches'],
  ['back at once', autoscale, 'autoscale.bicep', "timeWindow: 'PT15M'", "timeWindow: 'PT5M'"],
  [
    'coming and going',
    autoscale,
    'autoscale.bicep',
    'scaleInCpuPercent int = 25',
    'scaleInCpuPercent int = 28',
  ],
  [
    'coming and going by processor time alone',
    autoscale,
    'autoscale.bicep',
    '? 80 : 60',
    '? 80 : 40',
  ],
  [
    'no instance is taken away',
    autoscale,
    'autoscale.bicep',
    /direction: 'Decrease'/,
    "direction: 'Increase'",
  ],
  [
    'an idle app keeps its instances',
    autoscale,
    'autoscale.bicep',
    /metricName: 'CpuPercentage'\s+metricNamespace: 'Microsoft.Web\/serverfarms'\s+metricResourceUri: planId(?=[^}]*LessThan)/,
    "metricName: 'pilotlight.saturation'\nmetricNamespace: 'Azure.ApplicationInsights'\nmetricResourceUri: insightsId",
  ],
  [
    'a metric that a new app has not sent',
    autoscale,
    'autoscale.bicep',
    /filter\(rules, [^\n]*/,
    'rules',
  ],
  [
    'that metric from the first',
    autoscale,
    'main.bicep',
    'param scaleBySaturation bool = false',
    'param scaleBySaturation bool = true',
  ],
  ['a size of another tier', sizes, 'dedicated.bicep', 'capacity:', "tier: 'PremiumV3', capacity:"],
  [
    'one instance in two zones',
    zones,
    'app.bicep',
    'scale.alwaysReadyHttp < 2',
    'scale.alwaysReadyHttp < 1',
  ],
];
