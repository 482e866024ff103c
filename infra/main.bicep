// Pilotlight on Azure: `azd up`, or `az deployment sub create --location … --template-file infra/main.bicep`.
targetScope = 'subscription'

import { Alerts } from 'alerts.bicep'
import { Dedicated, Scale } from 'types.bicep'

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

@description('What the app runs on: Flex Consumption, which costs nothing while idle, or a plan of its own.')
param plan 'flex' | 'dedicated' = 'flex'

@description('How the app scales on Flex Consumption. A core runs one batch of rows at a time: 16 requests keep it busy, and wait for less than a new instance takes to come.')
param scale Scale = {
  instanceMemoryMB: 2048
  maximumInstances: 100
  httpConcurrency: 16
  alwaysReadyHttp: 0
}

@description('How large a plan of its own is; autoscale.bicep says when it grows.')
param dedicated Dedicated = { sku: 'P1v3', minimumInstances: 1, maximumInstances: 5 }

@description('Whether a plan of its own grows by saturation too. Azure refuses it before the app has sent that metric for the first time: deploy, let it answer, deploy again with it.')
param scaleBySaturation bool = false

@description('Whether app and database are spread over zones. It needs scale.alwaysReadyHttp or dedicated.minimumInstances to be at least 2, and can\'t be changed later.')
param zoneRedundant bool = false

@description('The ranges of addresses from which callers and deployments come, separated by commas (203.0.113.0/24,2001:db8::/32); empty: all. Others get no answer but 403, to health too. Event Grid is let in.')
param allowedIpRanges string = ''

@description('Whether storage and database are reached through private endpoints only.')
param isPrivate bool = false

@description('The address space of the network, where it is private.')
param addressPrefix string = '10.20.0.0/24'

@description('The client id of the application of Entra ID that callers sign in to; empty: function keys alone.')
param signInClientId string = ''

@description('Its tenant; empty: the subscription\'s own.')
param signInTenantId string = ''

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

@description('The month in which the budget begins, as 2026-11-01; empty: this one. It must stay what it was: azd remembers it, and with az alone it is the output PILOTLIGHT_BUDGET_START.')
param budgetStart string = ''

@description('Not to be given: only a parameter may ask for the time.')
param thisMonth string = utcNow('yyyy-MM-01')

@description('Who is told of alerts and of the budget: e-mail addresses, separated by commas.')
param contactAddresses string = ''

@description('Days for which batch jobs and their files are kept.')
@minValue(1)
param batchDays int = 7

@description('Hosts from which batches may read their input by https, separated by commas.')
param batchUrlHosts string = ''

@description('Settings of the app that are to differ from those in app-settings.bicep, by name.')
param settings { *: string } = {}

@description('When alerts are raised; what is left out stays as alerts.bicep has it.')
param alerts Alerts = {}

var suffix = uniqueString(subscription().id, environmentName, location)
var contacts = empty(contactAddresses) ? [] : map(split(contactAddresses, ','), address => trim(address))
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

module alerting 'alerts.bicep' = {
  scope: group
  params: {
    location: location
    suffix: suffix
    tags: tags
    workspaceId: monitoring.outputs.workspaceId
    contacts: contacts
    alerts: alerts
  }
}

module workbook 'workbook.bicep' = {
  scope: group
  params: { location: location, suffix: suffix, tags: tags, workspaceId: monitoring.outputs.workspaceId }
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
    batchDays: batchDays
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
    zoneRedundant: zoneRedundant
    databaseName: 'pilotlight'
  }
}

module network 'network.bicep' = if (isPrivate) {
  scope: group
  params: {
    location: location
    suffix: suffix
    tags: tags
    addressPrefix: addressPrefix
    delegatedTo: plan == 'flex' ? 'Microsoft.App/environments' : 'Microsoft.Web/serverFarms'
  }
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
    plan: plan
    scale: scale
    dedicated: dedicated
    zoneRedundant: zoneRedundant
    access: empty(signInClientId) ? 'keys' : 'roles'
    allowedIpRanges: empty(allowedIpRanges) ? [] : map(split(allowedIpRanges, ','), ranges => trim(ranges))
    subnetId: network.?outputs.appSubnetId
    batchDays: batchDays
    batchUrlHosts: batchUrlHosts
    settings: settings
  }
}

module autoscale 'autoscale.bicep' = if (plan == 'dedicated') {
  scope: group
  params: {
    location: location
    suffix: suffix
    tags: tags
    planId: app.outputs.planId
    insightsId: monitoring.outputs.insightsId
    storageId: storage.outputs.id
    dedicated: dedicated
    scaleBySaturation: scaleBySaturation
  }
}

module authentication 'sign-in.bicep' = if (!empty(signInClientId)) {
  scope: group
  params: {
    appName: app.outputs.name
    signIn: { clientId: signInClientId, tenantId: empty(signInTenantId) ? null : signInTenantId }
  }
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
  params: {
    amount: monthlyBudget
    startDate: empty(budgetStart) ? thisMonth : budgetStart
    contacts: empty(contacts) ? fail('monthlyBudget: expected contactAddresses to say who is told') : contacts
  }
}

// azd keeps these in its environment for the steps after a deployment; infra/azure.mjs reads them there.
output AZURE_ENV_NAME string = environmentName
output AZURE_LOCATION string = location
@description('Where the app answers.')
output PILOTLIGHT_URL string = 'https://${app.outputs.hostName}'
output PILOTLIGHT_APP_NAME string = app.outputs.name
output PILOTLIGHT_STORAGE_NAME string = storage.outputs.name
output PILOTLIGHT_TOPIC_NAME string = events.outputs.topicName
output PILOTLIGHT_ACCESS string = empty(signInClientId) ? 'keys' : 'roles'
output PILOTLIGHT_SUFFIX string = suffix
@description('To be given again as budgetStart. It outlasts a budget that is turned off, which Azure keeps.')
output PILOTLIGHT_BUDGET_START string = empty(budgetStart) && monthlyBudget > 0 ? thisMonth : budgetStart
output AZURE_RESOURCE_GROUP string = group.name
