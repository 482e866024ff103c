// Pilotlight on Azure Container Apps: `az deployment group create --template-file deploy/container-apps/main.bicep`,
// once registry.bicep has made the registry and the image lies in it. deploy/README.md says how.
@description('Where the resources stand.')
param location string = resourceGroup().location

@description('Names the deployment; the resources\' names end with a hash of it.')
@minLength(1)
@maxLength(64)
param environmentName string

@description('The registry of registry.bicep.')
param registryName string

@description('The image in it, with its version: pilotlight:0.1.0.')
param image string

@description('The most instances that answer callers, and that take messages.')
@minValue(1)
@maxValue(300)
param maximumInstances int = 20

@description('Requests a second for each instance of two cores, which the platform calls concurrent: about half of what it can answer of the model most asked for. 32 suits models of 30 ms; docs/scaling.md says what it costs with faster ones.')
@minValue(1)
param httpConcurrency int = 32

@description('Instances for requests that stay when there are none; each costs all the time.')
@minValue(0)
param alwaysReadyHttp int = 0

@description('Whether storage and database are reached through private endpoints only.')
param isPrivate bool = false

@description('The client id of the application of Entra ID that callers sign in to; empty: function keys alone.')
param signInClientId string = ''

@description('Its tenant; empty: the subscription\'s own.')
param signInTenantId string = ''

@description('Who may do what. By roles only once an earlier deployment has turned signing in on: an app starts before that is.')
@allowed(['keys', 'roles'])
param access string = 'keys'

@description('Hosts from which batches may read their input by https, separated by commas.')
param batchUrlHosts string = ''

@description('Who is told of alerts: e-mail addresses, separated by commas.')
param contactAddresses string = ''

@description('Settings of the app that are to differ from those in kubernetes/settings.yaml, by name.')
param settings { *: string } = {}

module resources '../resources.bicep' = {
  params: {
    location: location
    environmentName: environmentName
    isPrivate: isPrivate
    contactAddresses: contactAddresses
  }
}

module pull 'pull.bicep' = {
  params: { registryName: registryName, principalId: resources.outputs.principalId }
}

module environment 'environment.bicep' = {
  params: {
    location: location
    suffix: resources.outputs.suffix
    tags: resources.outputs.tags
    subnetId: isPrivate ? resources.outputs.appSubnetId : null
    workspaceId: resources.outputs.workspaceId
  }
}

// As on Kubernetes; what follows is this deployment's own.
var shared = loadYamlContent('../kubernetes/settings.yaml', 'data')
var functions = {
  http: loadYamlContent('../kubernetes/functions-http.yaml', 'data')
  workers: loadYamlContent('../kubernetes/functions-workers.yaml', 'data')
  clock: loadYamlContent('../kubernetes/functions-clock.yaml', 'data')
}

var clientId = resources.outputs.clientId
var own = union(
  {
    AzureWebJobsStorage__credential: 'managedidentity'
    AzureWebJobsStorage__clientId: clientId
    AzureWebJobsStorage__blobServiceUri: resources.outputs.blobEndpoint
    AzureWebJobsStorage__queueServiceUri: resources.outputs.queueEndpoint
    AzureWebJobsStorage__tableServiceUri: resources.outputs.tableEndpoint
    APPLICATIONINSIGHTS_CONNECTION_STRING: resources.outputs.connectionString
    APPLICATIONINSIGHTS_AUTHENTICATION_STRING: 'ClientId=${clientId};Authorization=AAD'
    PILOTLIGHT_STORAGE__credential: 'managedidentity'
    PILOTLIGHT_STORAGE__clientId: clientId
    PILOTLIGHT_STORAGE__blobServiceUri: resources.outputs.blobEndpoint
    PILOTLIGHT_STORAGE__queueServiceUri: resources.outputs.queueEndpoint
    PILOTLIGHT_COSMOS__accountEndpoint: resources.outputs.cosmosEndpoint
    PILOTLIGHT_COSMOS__clientId: clientId
  },
  empty(batchUrlHosts)
    ? {}
    : {
        PILOTLIGHT_BATCH_URL_HOSTS: batchUrlHosts
      },
  settings
)

// The app believes what it is told of callers only where the platform's authentication is on.
var accessOfCallers = !empty(signInClientId) && access == 'roles'
  ? {
      PILOTLIGHT_ACCESS: 'roles'
      WEBSITE_AUTH_ENABLED: 'True'
    }
  : {
      PILOTLIGHT_ACCESS: 'keys'
    }

var large = { cpu: '2.0', memory: '4Gi' }
var small = { cpu: '0.5', memory: '1Gi' }

module http 'app.bicep' = {
  params: {
    location: location
    name: 'ca-http-${resources.outputs.suffix}'
    tags: resources.outputs.tags
    environmentId: environment.outputs.id
    identityId: resources.outputs.identityId
    image: { name: image, registry: pull.outputs.loginServer }
    size: large
    isReached: true
    graceSeconds: 90
    scale: {
      least: alwaysReadyHttp
      most: maximumInstances
      rules: [{ name: 'http', http: { metadata: { concurrentRequests: string(httpConcurrency) } } }]
    }
    settings: union(shared, functions.http, own, accessOfCallers, { PILOTLIGHT_VCPUS: '2' })
  }
}

// An instance for each message, as it works at one at a time of each queue (host.json, batchSize).
var queues = [
  { name: 'batch-chunks', length: '1' }
  { name: 'registrations', length: '1' }
  { name: 'batch-chunks-poison', length: '10' }
  { name: 'registrations-poison', length: '10' }
]

module workers 'app.bicep' = {
  params: {
    location: location
    name: 'ca-workers-${resources.outputs.suffix}'
    tags: resources.outputs.tags
    environmentId: environment.outputs.id
    identityId: resources.outputs.identityId
    image: { name: image, registry: pull.outputs.loginServer }
    size: large
    isReached: false
    graceSeconds: 420
    scale: {
      least: 0
      most: maximumInstances
      rules: [
        for queue in queues: {
          name: queue.name
          custom: {
            type: 'azure-queue'
            metadata: {
              accountName: resources.outputs.storageName
              queueName: queue.name
              queueLength: queue.length
              queueLengthStrategy: 'all'
            }
            identity: resources.outputs.identityId
          }
        }
      ]
    }
    settings: union(shared, functions.workers, own, { PILOTLIGHT_VCPUS: '2' })
  }
}

module clock 'app.bicep' = {
  params: {
    location: location
    name: 'ca-clock-${resources.outputs.suffix}'
    tags: resources.outputs.tags
    environmentId: environment.outputs.id
    identityId: resources.outputs.identityId
    image: { name: image, registry: pull.outputs.loginServer }
    size: small
    isReached: false
    graceSeconds: 60
    scale: { least: 1, most: 1, rules: [] }
    settings: union(shared, functions.clock, own, { PILOTLIGHT_VCPUS: '1' })
  }
}

module authentication 'sign-in.bicep' = if (!empty(signInClientId)) {
  params: {
    appName: http.outputs.name
    clientId: signInClientId
    tenantId: empty(signInTenantId) ? tenant().tenantId : signInTenantId
  }
}

@description('Where the app answers.')
output PILOTLIGHT_URL string = 'https://${http.outputs.hostName}'
output PILOTLIGHT_STORAGE_NAME string = resources.outputs.storageName
