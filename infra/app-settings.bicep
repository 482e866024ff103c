// Every setting of shared/config.ts, and what the Functions host needs to reach its storage.
@description('What an instance has room for.')
type Room = {
  vcpus: int
  modelCacheMB: int
  queuedMB: int
  inspectionMB: int
  modelMB: int
  diskMB: int
  preparedMB: int
  spoolMB: int
}

@description('The app.')
param appName string

@description('The client id of the identity that the app works as.')
param clientId string

@description('The storage account\'s endpoints.')
param storage { blob: string, queue: string, table: string }

@description('The database.')
param cosmos { endpoint: string, database: string }

@description('Where telemetry goes.')
param insightsConnectionString string

@description('What an instance has room for.')
param room Room

@description('Arguments of the Node process.')
param nodeArguments string

@description('Who may do what: by the keys of functions, or by the roles of who signed in.')
param access 'keys' | 'roles'

@description('Days for which batch jobs and their files are kept.')
param batchDays int

@description('Hosts from which batches may read their input by https, separated by commas; empty: none.')
param batchUrlHosts string

@description('What is to differ, and what the plan needs besides.')
param others { *: string }

resource app 'Microsoft.Web/sites@2024-04-01' existing = {
  name: appName

  resource appSettings 'config' = {
    name: 'appsettings'
    properties: union(
      {
        AzureWebJobsStorage__credential: 'managedidentity'
        AzureWebJobsStorage__clientId: clientId
        AzureWebJobsStorage__blobServiceUri: storage.blob
        AzureWebJobsStorage__queueServiceUri: storage.queue
        AzureWebJobsStorage__tableServiceUri: storage.table
        APPLICATIONINSIGHTS_CONNECTION_STRING: insightsConnectionString
        APPLICATIONINSIGHTS_AUTHENTICATION_STRING: 'ClientId=${clientId};Authorization=AAD'
        languageWorkers__node__arguments: nodeArguments
        PILOTLIGHT_STORAGE__credential: 'managedidentity'
        PILOTLIGHT_STORAGE__clientId: clientId
        PILOTLIGHT_STORAGE__blobServiceUri: storage.blob
        PILOTLIGHT_STORAGE__queueServiceUri: storage.queue
        PILOTLIGHT_COSMOS__accountEndpoint: cosmos.endpoint
        PILOTLIGHT_COSMOS__clientId: clientId
        PILOTLIGHT_COSMOS_DATABASE: cosmos.database
        // What an instance has room for.
        PILOTLIGHT_VCPUS: string(room.vcpus)
        PILOTLIGHT_MODEL_CACHE_BYTES: '${room.modelCacheMB}000000'
        PILOTLIGHT_MAX_QUEUED_BYTES: '${room.queuedMB}000000'
        PILOTLIGHT_INSPECTION_MEMORY_BYTES: '${room.inspectionMB}000000'
        PILOTLIGHT_MAX_MODEL_BYTES: '${room.modelMB}000000'
        PILOTLIGHT_SCRATCH_DIR: '/tmp/pilotlight'
        PILOTLIGHT_DISK_CACHE_BYTES: '${room.diskMB}000000'
        PILOTLIGHT_PREPARED_CACHE_BYTES: '${room.preparedMB}000000'
        PILOTLIGHT_MAX_SPOOL_BYTES: '${room.spoolMB}000000'
        PILOTLIGHT_BATCH_TTL_MS: string(batchDays * 86400000)
        // As shared/config.ts has them, so that all of them can be seen and changed in one place.
        PILOTLIGHT_BATCH_CHUNK_BYTES: '16777216'
        PILOTLIGHT_COUNTERS_FLUSH_MS: '5000'
        PILOTLIGHT_EVALUATION_TIMEOUT_MS: '300000'
        PILOTLIGHT_HTTP_STREAMING: 'true'
        PILOTLIGHT_INSPECTION_TIMEOUT_MS: '60000'
        PILOTLIGHT_MAX_BATCH_BYTES: '100000000000'
        PILOTLIGHT_MAX_BODY_BYTES: '100000000'
        PILOTLIGHT_MAX_INLINE_RUN_MS: '0.2'
        PILOTLIGHT_MAX_QUEUED_REQUESTS: '1000'
        PILOTLIGHT_MAX_REQUESTS_PER_CALLER: '500'
        PILOTLIGHT_MAX_RUN_MS: '120000'
        PILOTLIGHT_REQUEST_TIMEOUT_MS: '60000'
        PILOTLIGHT_ROUTING_TTL_MS: '2000'
        PILOTLIGHT_SWEEP_AFTER_MS: '120000'
        PILOTLIGHT_TELEMETRY_FLUSH_MS: '15000'
        PILOTLIGHT_TRACES_PER_SECOND: '5'
      },
      // An empty one would be refused.
      empty(batchUrlHosts)
        ? {}
        : {
            PILOTLIGHT_BATCH_URL_HOSTS: batchUrlHosts
          },
      others,
      // Who may call is decided by `access` alone.
      {
        PILOTLIGHT_ACCESS: access
      }
    )
  }
}
