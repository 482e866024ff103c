// Tells somebody when something needs a person. What each alert means and what to do stands in docs/operations.md.
@export()
@description('When alerts are raised. What is left out has the value that its description names.')
type Alerts = {
  @description('How often the urgent three (error-rate, slow-model, saturation) are looked at. A rule costs by the month and by this: about 1.50, 1.00 or 0.50 USD, and about a tenth of it for each further model that it tells apart; the five others are looked at every 15 minutes. PT5M.')
  frequency: ('PT5M' | 'PT10M' | 'PT15M')?
  @description('Requests of a model that fail by our fault within 15 minutes, in percent. 5: one caller in twenty notices, while an instance that is lost with its requests does not reach it.')
  @minValue(0)
  @maxValue(99)
  errorPercent: int?
  @description('The p95 of a version\'s runs within 30 minutes, in percent of the budget in its card. 110: beyond what the sketch\'s error and a noisy neighbour explain.')
  @minValue(1)
  slowPercent: int?
  @description('What runs or waits within 15 minutes, in percent of what can run at once, over all instances. 100: work waits all the time, so instances come too late or there are no more of them.')
  @minValue(1)
  saturationPercent: int?
  @description('Messages that a queue gave up within an hour and that nobody needs to look at. 0.')
  @minValue(0)
  poisonMessages: int?
  @description('Registrations, or batches, that were sent again within an hour and that nobody needs to look at. 2: an instance that was lost causes one or two, which then go on.')
  @minValue(0)
  stuckTimes: int?
  @description('Inference requests within 30 minutes of which the app itself says nothing. 5: fewer may be an instance that was lost before it said anything.')
  @minValue(0)
  silentRequests: int?
}

@description('Where the resources stand.')
param location string

@description('The ending of the resources\' names.')
param suffix string

@description('Tags of every resource.')
param tags object

@description('The workspace that holds the telemetry.')
param workspaceId string

@description('Who is told, by e-mail; nobody: the alerts are seen in the portal alone.')
param contacts string[]

@description('When they are raised.')
param alerts Alerts = {}

var urgent = alerts.?frequency ?? 'PT5M'
var prelude = loadTextContent('queries/prelude.kql')

// Severity: 1 callers are harmed, 2 somebody must look today, 3 for information. `by` are the columns of the query
// that are told apart, each with an alert of its own.
var rules = [
  {
    name: 'error-rate'
    title: 'requests fail by our fault'
    description: 'More requests of a model than allowed were answered 500 or above.'
    severity: 1
    every: urgent
    within: 'PT15M'
    query: loadTextContent('queries/error-rate.kql')
    measure: 'percent'
    above: alerts.?errorPercent ?? 5
    by: ['model']
  }
  {
    name: 'slow-model'
    title: 'a model is slower than its card allows'
    description: 'The p95 of a version\'s runs is above the budget in its card.'
    severity: 2
    every: urgent
    within: 'PT30M'
    query: loadTextContent('queries/slow-model.kql')
    measure: 'percent'
    above: alerts.?slowPercent ?? 110
    by: ['model', 'version']
  }
  {
    name: 'saturation'
    title: 'work waits for threads'
    description: 'The instances are given more work than they can run, and new ones do not make up for it.'
    severity: 2
    every: urgent
    within: 'PT15M'
    query: loadTextContent('queries/saturation.kql')
    measure: 'percent'
    above: alerts.?saturationPercent ?? 100
    by: []
  }
  {
    name: 'poison'
    title: 'messages were given up'
    description: 'A queue gave up a message after its last attempt: a registration or a chunk of a batch failed for good. It resolves an hour after the last one, whether or not anybody looked.'
    severity: 2
    every: 'PT15M'
    within: 'PT1H'
    query: loadTextContent('queries/poison.kql')
    measure: 'messages'
    above: alerts.?poisonMessages ?? 0
    by: ['queue']
  }
  {
    name: 'stuck'
    title: 'work stands still'
    description: 'Registrations or batches stand still again and again, and are sent on without getting through.'
    severity: 2
    every: 'PT15M'
    within: 'PT1H'
    query: loadTextContent('queries/stuck.kql')
    measure: 'times'
    above: alerts.?stuckTimes ?? 2
    by: ['what']
  }
  {
    name: 'no-telemetry'
    title: 'the app says nothing of itself'
    description: 'The host told of inference requests, but no metric of the app arrived: the other alerts are blind.'
    severity: 2
    every: 'PT15M'
    within: 'PT30M'
    query: loadTextContent('queries/no-telemetry.kql')
    measure: 'requests'
    above: alerts.?silentRequests ?? 5
    by: []
  }
  {
    name: 'rolled-back'
    title: 'a version was taken back'
    description: 'Traffic went back to the version before: its rollout found harm, or somebody asked for it. Production serves as before; the version needs its owner.'
    severity: 3
    every: 'PT15M'
    within: 'PT1H'
    query: loadTextContent('queries/rolled-back.kql')
    measure: 'times'
    above: 0
    by: ['model']
  }
  {
    name: 'telemetry-dropped'
    title: 'telemetry is lost'
    description: 'Instances could not send telemetry, or the workspace took no more for the day: figures are too low.'
    severity: 3
    every: 'PT15M'
    within: 'PT1H'
    query: loadTextContent('queries/telemetry-dropped.kql')
    measure: 'items'
    above: 0
    by: ['what']
  }
]

resource people 'Microsoft.Insights/actionGroups@2023-01-01' = if (!empty(contacts)) {
  name: 'ag-${suffix}'
  location: 'global'
  tags: tags
  properties: {
    groupShortName: 'pilotlight'
    enabled: true
    emailReceivers: [
      for (contact, i) in contacts: {
        name: 'contact-${i}'
        emailAddress: contact
        useCommonAlertSchema: true
      }
    ]
  }
}

resource alert 'Microsoft.Insights/scheduledQueryRules@2023-12-01' = [
  for rule in rules: {
    name: '${rule.name}-${suffix}'
    location: location
    tags: tags
    kind: 'LogAlert'
    properties: {
      displayName: 'Pilotlight: ${rule.title}'
      // The property exists; the published types that this is checked against lack it.
      #disable-next-line BCP037
      description: '${rule.description} What to do: docs/operations.md#${rule.name}'
      enabled: true
      severity: rule.severity
      scopes: [workspaceId]
      evaluationFrequency: rule.every
      windowSize: rule.within
      criteria: {
        allOf: [
          {
            query: '${prelude}\n${rule.query}'
            metricMeasureColumn: rule.measure
            timeAggregation: 'Maximum'
            operator: 'GreaterThan'
            threshold: rule.above
            dimensions: map(rule.by, column => { name: column, operator: 'Include', values: ['*'] })
            failingPeriods: { numberOfEvaluationPeriods: 1, minFailingPeriodsToAlert: 1 }
          }
        ]
      }
      // One alert while it lasts, and word when it is over.
      autoMitigate: true
      // A new workspace does not know its tables yet.
      skipQueryValidation: true
      actions: { actionGroups: empty(contacts) ? [] : [people.id] }
    }
  }
]
