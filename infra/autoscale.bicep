// How many instances a dedicated plan has. Any of three rules adds one, one takes one away.
import { Dedicated } from 'types.bicep'

@description('Where the resources stand.')
param location string

@description('The ending of the resources\' names.')
param suffix string

@description('Tags of every resource.')
param tags object

@description('The plan.')
param planId string

@description('The Application Insights that the app tells its saturation.')
param insightsId string

@description('The storage account, for the queue of batches.')
param storageId string

@description('Least and most instances.')
param dedicated Dedicated

@description('Whether what follows of saturation counts. Azure refuses a rule on a metric that nobody has sent yet, so not before the app has worked; until then it is processor time and the queue.')
param scaleBySaturation bool

@description('Rows that run or wait, of as many as can run at once, from which on an instance is added. Below 1: adding one takes minutes; docs/scaling.md shows how much.')
param scaleOutSaturationPercent int = 55

@description('Processor time in percent, from which on an instance is added. Earlier where saturation does not count; where it does, this is left should telemetry fail, and a model that is run in batches keeps processors busy that have room.')
param scaleOutCpuPercent int = scaleBySaturation ? 80 : 60

@description('The same, below which one is taken away. At most half of what adds one, of saturation too, or two instances and one would take turns.')
param scaleInCpuPercent int = 25

@description('Chunks of batches that wait for each instance, from which on another one is added.')
param scaleOutChunks int = 20

var rules = [
  {
    metricTrigger: {
      metricName: 'pilotlight.saturation'
      metricNamespace: 'Azure.ApplicationInsights'
      metricResourceUri: insightsId
      timeGrain: 'PT1M'
      statistic: 'Average'
      timeAggregation: 'Average'
      // The shortest there is.
      timeWindow: 'PT5M'
      operator: 'GreaterThan'
      threshold: json('${scaleOutSaturationPercent / 100}.${padLeft(scaleOutSaturationPercent % 100, 2, '0')}')
    }
    scaleAction: { direction: 'Increase', type: 'ChangeCount', value: '1', cooldown: 'PT5M' }
  }
  {
    metricTrigger: {
      metricName: 'CpuPercentage'
      metricNamespace: 'Microsoft.Web/serverfarms'
      metricResourceUri: planId
      timeGrain: 'PT1M'
      statistic: 'Average'
      timeAggregation: 'Average'
      timeWindow: 'PT5M'
      operator: 'GreaterThan'
      threshold: scaleOutCpuPercent
    }
    scaleAction: { direction: 'Increase', type: 'ChangeCount', value: '1', cooldown: 'PT5M' }
  }
  {
    // Chunks fill the cores they are given, and saturation doesn't tell how many wait.
    metricTrigger: {
      metricName: 'ApproximateMessageCount'
      metricNamespace: ''
      metricResourceUri: '${storageId}/services/queue/queues/batch-chunks'
      timeGrain: 'PT1M'
      statistic: 'Average'
      timeAggregation: 'Average'
      timeWindow: 'PT5M'
      operator: 'GreaterThan'
      threshold: scaleOutChunks
      dividePerInstance: true
    }
    scaleAction: { direction: 'Increase', type: 'ChangeCount', value: '1', cooldown: 'PT5M' }
  }
  // Back slowly: an instance too many costs cents, one too few costs callers. By processor time alone: an app without
  // work tells no saturation, and what can't be read takes nothing away.
  {
    metricTrigger: {
      metricName: 'CpuPercentage'
      metricNamespace: 'Microsoft.Web/serverfarms'
      metricResourceUri: planId
      timeGrain: 'PT1M'
      statistic: 'Average'
      timeAggregation: 'Average'
      timeWindow: 'PT15M'
      operator: 'LessThan'
      threshold: scaleInCpuPercent
    }
    scaleAction: { direction: 'Decrease', type: 'ChangeCount', value: '1', cooldown: 'PT15M' }
  }
]

resource autoscale 'Microsoft.Insights/autoscaleSettings@2022-10-01' = {
  name: 'autoscale-${suffix}'
  location: location
  tags: tags
  properties: {
    enabled: true
    targetResourceUri: planId
    profiles: [
      {
        name: 'by load'
        capacity: {
          minimum: string(dedicated.minimumInstances)
          maximum: string(dedicated.maximumInstances)
          // What there is when no metric can be read.
          default: string(dedicated.minimumInstances)
        }
        rules: filter(rules, rule => scaleBySaturation || rule.metricTrigger.metricName != 'pilotlight.saturation')
      }
    ]
  }
}
