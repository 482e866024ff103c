// Pilotlight on Azure: `azd up`, or `az deployment sub create --location … --template-file infra/main.bicep`.
targetScope = 'subscription'

import { Scale, SignIn } from 'types.bicep'

@description('Names the deployment; the resources\' names end with a hash of it.')
@minLength(1)
@maxLength(64)
param environmentName string

@description('Where the resources stand.')
param location string

@description('Who may drop models and read files by identity: an object id of Entra ID; empty: nobody yet.')
param operatorPrincipalId string = ''

@description('What that is.')
@allowed(['User', 'Group', 'ServicePrincipal'])
param operatorPrincipalType string = 'User'

@description('How the app scales.')
param scale Scale = {
  instanceMemoryMB: 2048
  maximumInstances: 100
  httpConcurrency: 16
  alwaysReadyHttp: 0
}

@description('Whether storage and database are reached through private endpoints only.')
param isPrivate bool = false

@description('The address space of the network, where it is private.')
param addressPrefix string = '10.20.0.0/24'

@description('The application of Entra ID that callers sign in to; null: function keys alone.')
param signIn SignIn?

@description('Days for which telemetry is kept.')
param retentionDays int = 30

@description('The most telemetry of a day, in GB.')
param dailyCapGb int = 1

@description('Copies of what is stored.')
@allowed(['Standard_LRS', 'Standard_ZRS', 'Standard_GRS', 'Standard_GZRS'])
param storageSku string = 'Standard_ZRS'

@description('What a month may cost before somebody is told; 0: nobody is.')
@minValue(0)
param monthlyBudget int = 0

@description('Who is told of alerts and of the budget, by e-mail.')
param contacts string[] = []

@description('Hosts from which batches may read their input by https.')
param batchUrlHosts string[] = []

@description('Settings of the app that are to differ from those in app.bicep, by name.')
param settings { *: string } = {}

var suffix = uniqueString(subscription().id, environmentName, location)
var tags = { 'azd-env-name': environmentName, application: 'pilotlight' }

resource group 'Microsoft.Resources/resourceGroups@2024-03-01' = {
  name: 'rg-${environmentName}'
  location: location
  tags: tags
}

module identity 'identity.bicep' = {
  scope: group
  params: { location: location, name: 'id-${suffix}', tags: tags }
}

module monitoring 'monitoring.bicep' = {
  scope: group
  params: {
    location: location
    suffix: suffix
    tags: tags
    retentionDays: retentionDays
    dailyCapGb: dailyCapGb
    principalId: identity.outputs.principalId
  }
}

module storage 'storage.bicep' = {
  scope: group
  params: {
    location: location
    name: 'st${suffix}'
    tags: tags
    principalId: identity.outputs.principalId
    isPrivate: isPrivate
    incomingDays: 30
    batchDays: 8
    sku: storageSku
  }
}

module operator 'operator.bicep' = if (!empty(operatorPrincipalId)) {
  scope: group
  params: {
    storageName: storage.outputs.name
    principalId: operatorPrincipalId
    principalType: operatorPrincipalType
  }
}

module cosmos 'cosmos.bicep' = {
  scope: group
  params: {
    location: location
    name: 'cosmos-${suffix}'
    tags: tags
    principalId: identity.outputs.principalId
    isPrivate: isPrivate
    databaseName: 'pilotlight'
  }
}

module network 'network.bicep' = if (isPrivate) {
  scope: group
  params: { location: location, suffix: suffix, tags: tags, addressPrefix: addressPrefix }
}

module endpoints 'private-endpoints.bicep' = if (isPrivate) {
  scope: group
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

module app 'app.bicep' = {
  scope: group
  dependsOn: [endpoints]
  params: {
    location: location
    name: 'func-${suffix}'
    tags: tags
    identity: { id: identity.outputs.id, clientId: identity.outputs.clientId }
    storage: {
      blob: storage.outputs.blobEndpoint
      queue: storage.outputs.queueEndpoint
      table: storage.outputs.tableEndpoint
    }
    cosmos: { endpoint: cosmos.outputs.endpoint, database: 'pilotlight' }
    insightsConnectionString: monitoring.outputs.connectionString
    scale: scale
    access: signIn == null ? 'keys' : 'roles'
    subnetId: network.?outputs.appSubnetId
    batchUrlHosts: batchUrlHosts
    settings: settings
  }
}

module authentication 'sign-in.bicep' = if (signIn != null) {
  scope: group
  params: { appName: app.outputs.name, signIn: signIn! }
}

module events 'events.bicep' = {
  scope: group
  params: {
    location: location
    suffix: suffix
    tags: tags
    storageName: storage.outputs.name
    hostName: app.outputs.hostName
    blobsExtensionKey: ''
  }
}

module budget 'budget.bicep' = if (monthlyBudget > 0) {
  scope: group
  params: { amount: monthlyBudget, contacts: contacts }
}

@description('Where the app answers.')
output PILOTLIGHT_URL string = 'https://${app.outputs.hostName}'
output PILOTLIGHT_APP_NAME string = app.outputs.name
output PILOTLIGHT_STORAGE_NAME string = storage.outputs.name
output PILOTLIGHT_TOPIC_NAME string = events.outputs.topicName
output PILOTLIGHT_SUFFIX string = suffix
output AZURE_RESOURCE_GROUP string = group.name
