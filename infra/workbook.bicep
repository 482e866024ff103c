// What an operator asks first, a model at a time. The layout stands in workbook/layout.json: an item of type 3 shows
// the query of its name.
@description('Where the resources stand.')
param location string

@description('The ending of the resources\' names.')
param suffix string

@description('Tags of every resource.')
param tags object

@description('The workspace that holds the telemetry.')
param workspaceId string

var prelude = '${loadTextContent('queries/prelude.kql')}\n${loadTextContent('workbook/chosen.kql')}'

var queries = {
  'batch-size': loadTextContent('queries/batch-size.kql')
  batches: loadTextContent('queries/batches.kql')
  cache: loadTextContent('queries/cache.kql')
  changes: loadTextContent('queries/changes.kql')
  'cold-starts': loadTextContent('queries/cold-starts.kql')
  decisions: loadTextContent('queries/decisions.kql')
  errors: loadTextContent('queries/errors.kql')
  exceptions: loadTextContent('queries/exceptions.kql')
  'failed-rows': loadTextContent('queries/failed-rows.kql')
  instances: loadTextContent('queries/instances.kql')
  latency: loadTextContent('queries/latency.kql')
  'loop-delay': loadTextContent('queries/loop-delay.kql')
  memory: loadTextContent('queries/memory.kql')
  operation: loadTextContent('queries/operation.kql')
  'queue-wait': loadTextContent('queries/queue-wait.kql')
  requests: loadTextContent('queries/requests.kql')
  'rollout-steps': loadTextContent('queries/rollout-steps.kql')
  rows: loadTextContent('queries/rows.kql')
  runs: loadTextContent('queries/runs.kql')
  'saturation-over-time': loadTextContent('queries/saturation-over-time.kql')
  slowest: loadTextContent('queries/slowest.kql')
  trouble: loadTextContent('queries/trouble.kql')
  versions: loadTextContent('queries/versions.kql')
}

// Any, because the items have different members.
var layout = any(loadJsonContent('workbook/layout.json'))

var items = map(layout.items, item => item.type == 3
  ? union(item, {
      content: {
        version: 'KqlItem/1.0'
        query: '${prelude}\n${queries[item.name]}'
        queryType: 0
        resourceType: 'microsoft.operationalinsights/workspaces'
        timeContextFromParameter: 'TimeRange'
      }
    })
  : item)

resource workbook 'Microsoft.Insights/workbooks@2023-06-01' = {
  name: guid(resourceGroup().id, 'pilotlight', suffix)
  location: location
  tags: tags
  kind: 'shared'
  properties: {
    displayName: 'Pilotlight'
    category: 'workbook'
    sourceId: workspaceId
    version: 'Notebook/1.0'
    serializedData: string(union(layout, { items: items, fallbackResourceIds: [workspaceId] }))
  }
}

output workbookId string = workbook.id
