// The app itself, on Flex Consumption: nothing while idle, a process per instance, scaled by the platform.
import { Scale } from 'types.bicep'

@description('Where the resources stand.')
param location string

@description('The name of the app; its URL begins with it.')
param name string

@description('Tags of every resource.')
param tags object

@description('The identity that the app works as.')
param identity { id: string, clientId: string }

@description('The storage account\'s endpoints.')
param storage { blob: string, queue: string, table: string }

@description('The database.')
param cosmos { endpoint: string, database: string }

@description('Where telemetry goes.')
param insightsConnectionString string

@description('How it scales.')
param scale Scale

@description('Who may do what: by the keys of functions, or by the roles of who signed in.')
param access 'keys' | 'roles'

@description('The subnet it calls out from; null: the internet.')
param subnetId string?

@description('Hosts from which batches may read their input by https.')
param batchUrlHosts string[] = []

@description('Settings of the app that are to differ from those below, by name; shared/config.ts says what they are.')
param settings { *: string } = {}

// What a core has to do its work with, by the size of an instance.
var sizes = {
  '512': { vcpus: 1, modelCacheBytes: 150000000, queuedBytes: 100000000, inspectionBytes: 300000000 }
  '2048': { vcpus: 1, modelCacheBytes: 800000000, queuedBytes: 300000000, inspectionBytes: 1000000000 }
  '4096': { vcpus: 2, modelCacheBytes: 2000000000, queuedBytes: 400000000, inspectionBytes: 1500000000 }
}
var size = sizes[string(scale.instanceMemoryMB)]

resource plan 'Microsoft.Web/serverfarms@2024-04-01' = {
  name: 'plan-${name}'
  location: location
  tags: tags
  kind: 'functionapp'
  sku: { name: 'FC1', tier: 'FlexConsumption' }
  properties: { reserved: true }
}

resource app 'Microsoft.Web/sites@2024-04-01' = {
  name: name
  location: location
  tags: union(tags, { 'azd-service-name': 'pilotlight' })
  kind: 'functionapp,linux'
  identity: { type: 'UserAssigned', userAssignedIdentities: { '${identity.id}': {} } }
  properties: {
    serverFarmId: plan.id
    httpsOnly: true
    virtualNetworkSubnetId: subnetId
    siteConfig: {
      minTlsVersion: '1.2'
      http20Enabled: true
      cors: { allowedOrigins: [] }
    }
    functionAppConfig: {
      deployment: {
        storage: {
          type: 'blobContainer'
          value: '${storage.blob}deployments'
          authentication: { type: 'UserAssignedIdentity', userAssignedIdentityResourceId: identity.id }
        }
      }
      runtime: { name: 'node', version: '22' }
      scaleAndConcurrency: {
        instanceMemoryMB: scale.instanceMemoryMB
        maximumInstanceCount: scale.maximumInstances
        triggers: { http: { perInstanceConcurrency: scale.httpConcurrency } }
        alwaysReady: [
          { name: 'http', instanceCount: scale.alwaysReadyHttp }
        ]
      }
    }
  }

  // Over FTP or basic authentication nobody gets in: deployments go by identity.
  resource ftp 'basicPublishingCredentialsPolicies' = {
    name: 'ftp'
    properties: { allow: false }
  }
  resource scm 'basicPublishingCredentialsPolicies' = {
    name: 'scm'
    properties: { allow: false }
  }

  resource appSettings 'config' = {
    name: 'appsettings'
    properties: union(
      {
        AzureWebJobsStorage__credential: 'managedidentity'
        AzureWebJobsStorage__clientId: identity.clientId
        AzureWebJobsStorage__blobServiceUri: storage.blob
        AzureWebJobsStorage__queueServiceUri: storage.queue
        AzureWebJobsStorage__tableServiceUri: storage.table
        APPLICATIONINSIGHTS_CONNECTION_STRING: insightsConnectionString
        APPLICATIONINSIGHTS_AUTHENTICATION_STRING: 'ClientId=${identity.clientId};Authorization=AAD'
        languageWorkers__node__arguments: scale.instanceMemoryMB < 2048 ? '' : '--initial-old-space-size=128'
        PILOTLIGHT_STORAGE__credential: 'managedidentity'
        PILOTLIGHT_STORAGE__clientId: identity.clientId
        PILOTLIGHT_STORAGE__blobServiceUri: storage.blob
        PILOTLIGHT_STORAGE__queueServiceUri: storage.queue
        PILOTLIGHT_COSMOS__accountEndpoint: cosmos.endpoint
        PILOTLIGHT_COSMOS__clientId: identity.clientId
        PILOTLIGHT_COSMOS_DATABASE: cosmos.database
        // What an instance has room for; its disk is 0.8 GB.
        PILOTLIGHT_VCPUS: string(size.vcpus)
        PILOTLIGHT_MODEL_CACHE_BYTES: string(size.modelCacheBytes)
        PILOTLIGHT_MAX_QUEUED_BYTES: string(size.queuedBytes)
        PILOTLIGHT_INSPECTION_MEMORY_BYTES: string(size.inspectionBytes)
        PILOTLIGHT_SCRATCH_DIR: '/tmp/pilotlight'
        PILOTLIGHT_DISK_CACHE_BYTES: '300000000'
        PILOTLIGHT_PREPARED_CACHE_BYTES: '250000000'
        PILOTLIGHT_MAX_SPOOL_BYTES: '150000000'
        PILOTLIGHT_ACCESS: access
        // As shared/config.ts has them, so that all of them can be seen and changed in one place.
        PILOTLIGHT_BATCH_CHUNK_BYTES: '16777216'
        PILOTLIGHT_BATCH_TTL_MS: '604800000'
        PILOTLIGHT_COUNTERS_FLUSH_MS: '5000'
        PILOTLIGHT_EVALUATION_TIMEOUT_MS: '300000'
        PILOTLIGHT_HTTP_STREAMING: 'true'
        PILOTLIGHT_INSPECTION_TIMEOUT_MS: '60000'
        PILOTLIGHT_MAX_BATCH_BYTES: '100000000000'
        PILOTLIGHT_MAX_BODY_BYTES: '100000000'
        PILOTLIGHT_MAX_INLINE_RUN_MS: '0.2'
        PILOTLIGHT_MAX_MODEL_BYTES: '250000000'
        PILOTLIGHT_MAX_QUEUED_REQUESTS: '1000'
        PILOTLIGHT_MAX_REQUESTS_PER_CALLER: '500'
        PILOTLIGHT_MAX_RUN_MS: '120000'
        PILOTLIGHT_REQUEST_TIMEOUT_MS: '60000'
        PILOTLIGHT_ROUTING_TTL_MS: '2000'
        PILOTLIGHT_SWEEP_AFTER_MS: '120000'
        PILOTLIGHT_TELEMETRY_FLUSH_MS: '15000'
        PILOTLIGHT_TRACES_PER_SECOND: '5'
      },
      empty(batchUrlHosts)
        ? {}
        : {
            PILOTLIGHT_BATCH_URL_HOSTS: join(batchUrlHosts, ',')
          },
      settings
    )
  }
}

output id string = app.id
output name string = app.name
output hostName string = app.properties.defaultHostName
