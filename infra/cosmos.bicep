// The registry of models, the jobs, and what instances count while a rollout runs.
@description('Where the resources stand.')
param location string

@description('The name of the account.')
param name string

@description('Tags of every resource.')
param tags object

@description('The identity that the app works as.')
param principalId string

@description('Whether the account is reached through private endpoints only.')
param isPrivate bool

@description('Whether copies stand in several zones. It can\'t be changed later.')
param zoneRedundant bool = false

@description('The name of the database.')
param databaseName string

type Container = {
  name: string
  partitionKey: string
  @description('The members that queries look for; nothing else is indexed.')
  indexed: string[]
}

var containers Container[] = [
  {
    name: 'registry'
    partitionKey: '/model'
    indexed: [
      '/kind/?'
      '/model/?'
      '/deleted/?'
      '/pendingSince/?'
      '/purgeOwed/?'
      '/seq/?'
      '/rollingOut/?'
      '/place/?'
      '/unsettled/?'
    ]
  }
  { name: 'batches', partitionKey: '/id', indexed: ['/kind/?', '/id/?', '/unfinished/?', '/expiresAt/?'] }
  { name: 'counters', partitionKey: '/rollout', indexed: ['/rollout/?', '/stage/?'] }
]

resource account 'Microsoft.DocumentDB/databaseAccounts@2024-11-15' = {
  name: name
  location: location
  tags: tags
  kind: 'GlobalDocumentDB'
  properties: {
    databaseAccountOfferType: 'Standard'
    capabilities: [{ name: 'EnableServerless' }]
    locations: [{ locationName: location, failoverPriority: 0, isZoneRedundant: zoneRedundant }]
    consistencyPolicy: { defaultConsistencyLevel: 'Session' }
    // Identity alone.
    disableLocalAuth: true
    disableKeyBasedMetadataWriteAccess: true
    minimalTlsVersion: 'Tls12'
    // Else open to the internet, where only who has a data role gets in: without a network the app has no addresses of
    // its own that could be let in.
    publicNetworkAccess: isPrivate ? 'Disabled' : 'Enabled'
    // Continuous: any moment of the last week can be restored.
    backupPolicy: { type: 'Continuous', continuousModeProperties: { tier: 'Continuous7Days' } }
  }
}

resource database 'Microsoft.DocumentDB/databaseAccounts/sqlDatabases@2024-11-15' = {
  parent: account
  name: databaseName
  properties: { resource: { id: databaseName } }
}

resource databaseContainers 'Microsoft.DocumentDB/databaseAccounts/sqlDatabases/containers@2024-11-15' = [
  for container in containers: {
    parent: database
    name: container.name
    properties: {
      resource: {
        id: container.name
        partitionKey: { paths: [container.partitionKey], kind: 'Hash', version: 2 }
        // On, without a time of its own: documents say when they end.
        defaultTtl: -1
        indexingPolicy: {
          indexingMode: 'consistent'
          automatic: true
          includedPaths: [for path in container.indexed: { path: path }]
          excludedPaths: [{ path: '/*' }]
        }
      }
    }
  }
]

// Reading and writing documents; databases and containers are made here alone.
var dataContributor = '00000000-0000-0000-0000-000000000002'

resource mayReadAndWrite 'Microsoft.DocumentDB/databaseAccounts/sqlRoleAssignments@2024-11-15' = {
  parent: account
  name: guid(account.id, principalId, dataContributor)
  properties: {
    principalId: principalId
    roleDefinitionId: '${account.id}/sqlRoleDefinitions/${dataContributor}'
    scope: account.id
  }
}

output id string = account.id
output endpoint string = account.properties.documentEndpoint
