// What the app works with, wherever it runs: the modules of infra/ without the plan of Azure Functions. Kubernetes
// needs nothing else; container-apps/main.bicep adds the apps.
import { Alerts } from '../infra/alerts.bicep'
import { Cluster } from 'types.bicep'

@description('Where the resources stand.')
param location string = resourceGroup().location

@description('Names the deployment; the resources\' names end with a hash of it.')
@minLength(1)
@maxLength(64)
param environmentName string

@description('Whether storage and database are reached through private endpoints only.')
param isPrivate bool = false

@description('The address space of the network, where it is private.')
param addressPrefix string = '10.20.0.0/24'

@description('The cluster that may work as the identity; null: none.')
param cluster Cluster?

@description('Days for which telemetry is kept.')
param retentionDays int = 30

@description('The most telemetry of a day, in GB.')
param dailyCapGb int = 1

@description('Copies of what is stored.')
@allowed(['Standard_LRS', 'Standard_ZRS', 'Standard_GRS', 'Standard_GZRS'])
param storageSku string = 'Standard_ZRS'

@description('Who is told of alerts: e-mail addresses, separated by commas.')
param contactAddresses string = ''

@description('When alerts are raised; what is left out stays as alerts.bicep has it.')
param alerts Alerts = {}

var suffix = uniqueString(resourceGroup().id, environmentName, location)
var tags = { application: 'pilotlight', environment: environmentName }

module identity '../infra/identity.bicep' = {
  params: { location: location, name: 'id-${suffix}', tags: tags }
}

module monitoring '../infra/monitoring.bicep' = {
  params: {
    location: location
    suffix: suffix
    tags: tags
    retentionDays: retentionDays
    dailyCapGb: dailyCapGb
    principalId: identity.outputs.principalId
  }
}

module alerting '../infra/alerts.bicep' = {
  params: {
    location: location
    suffix: suffix
    tags: tags
    workspaceId: monitoring.outputs.workspaceId
    contacts: empty(contactAddresses) ? [] : map(split(contactAddresses, ','), address => trim(address))
    alerts: alerts
  }
}

module workbook '../infra/workbook.bicep' = {
  params: { location: location, suffix: suffix, tags: tags, workspaceId: monitoring.outputs.workspaceId }
}

module storage '../infra/storage.bicep' = {
  params: {
    location: location
    name: 'st${suffix}'
    tags: tags
    principalId: identity.outputs.principalId
    isPrivate: isPrivate
    incomingDays: 30
    batchDays: 7
    sku: storageSku
  }
}

module cosmos '../infra/cosmos.bicep' = {
  params: {
    location: location
    name: 'cosmos-${suffix}'
    tags: tags
    principalId: identity.outputs.principalId
    isPrivate: isPrivate
    zoneRedundant: false
    databaseName: 'pilotlight'
  }
}

module network '../infra/network.bicep' = if (isPrivate) {
  params: {
    location: location
    suffix: suffix
    tags: tags
    addressPrefix: addressPrefix
    delegatedTo: 'Microsoft.App/environments'
  }
}

module endpoints '../infra/private-endpoints.bicep' = if (isPrivate) {
  params: {
    location: location
    suffix: suffix
    tags: tags
    storageId: storage.outputs.id
    cosmosId: cosmos.outputs.id
    networkId: network.?outputs.id ?? ''
    subnetId: network.?outputs.endpointsSubnetId ?? ''
  }
}

module federation 'federation.bicep' = if (cluster != null) {
  dependsOn: [identity]
  params: { identityName: 'id-${suffix}', cluster: cluster! }
}

output suffix string = suffix
output tags object = tags
output identityId string = identity.outputs.id
output clientId string = identity.outputs.clientId
output principalId string = identity.outputs.principalId
output storageName string = storage.outputs.name
output blobEndpoint string = storage.outputs.blobEndpoint
output queueEndpoint string = storage.outputs.queueEndpoint
output tableEndpoint string = storage.outputs.tableEndpoint
output cosmosEndpoint string = cosmos.outputs.endpoint
output connectionString string = monitoring.outputs.connectionString
output workspaceId string = monitoring.outputs.workspaceId
output appSubnetId string = network.?outputs.appSubnetId ?? ''
