// Models, uploads, drops, batches and queues, and what the Functions host keeps for itself.
@description('Where the resources stand.')
param location string

@description('The name of the account.')
@minLength(3)
@maxLength(24)
param name string

@description('Tags of every resource.')
param tags object

@description('The identity that the app works as.')
param principalId string

@description('Whether the account is reached through private endpoints only.')
param isPrivate bool

@description('Days after which dropped models are removed; what was made of them stays.')
@minValue(1)
param incomingDays int

@description('Days for which batch jobs are kept. The app removes them with their files; what it missed goes a day later.')
@minValue(1)
param batchDays int

@description('How many copies, and where.')
@allowed(['Standard_LRS', 'Standard_ZRS', 'Standard_GRS', 'Standard_GZRS'])
param sku string

var containers = ['artifacts', 'uploads', 'incoming', 'batches', 'deployments']
var queues = ['registrations', 'registrations-poison', 'batch-chunks', 'batch-chunks-poison']

resource account 'Microsoft.Storage/storageAccounts@2024-01-01' = {
  name: name
  location: location
  tags: tags
  kind: 'StorageV2'
  sku: { name: sku }
  properties: {
    accessTier: 'Hot'
    allowBlobPublicAccess: false
    allowCrossTenantReplication: false
    // Identity alone: nobody can sign with a key.
    allowSharedKeyAccess: false
    defaultToOAuthAuthentication: true
    minimumTlsVersion: 'TLS1_2'
    supportsHttpsTrafficOnly: true
    // Else open to the internet, where only who has a role gets in: without a network the app has no addresses of its
    // own that could be let in, and callers put their uploads here.
    publicNetworkAccess: isPrivate ? 'Disabled' : 'Enabled'
    networkAcls: {
      defaultAction: isPrivate ? 'Deny' : 'Allow'
      // Event Grid tells of dropped blobs.
      bypass: 'AzureServices'
    }
  }
}

resource blobs 'Microsoft.Storage/storageAccounts/blobServices@2024-01-01' = {
  parent: account
  name: 'default'
  properties: {
    isVersioningEnabled: true
    deleteRetentionPolicy: { enabled: true, days: 14 }
    containerDeleteRetentionPolicy: { enabled: true, days: 14 }
  }
}

resource blobContainers 'Microsoft.Storage/storageAccounts/blobServices/containers@2024-01-01' = [
  for container in containers: {
    parent: blobs
    name: container
    properties: { publicAccess: 'None' }
  }
]

resource queueService 'Microsoft.Storage/storageAccounts/queueServices@2024-01-01' = {
  parent: account
  name: 'default'
}

resource storageQueues 'Microsoft.Storage/storageAccounts/queueServices/queues@2024-01-01' = [
  for queue in queues: {
    parent: queueService
    name: queue
  }
]

resource lifecycle 'Microsoft.Storage/storageAccounts/managementPolicies@2024-01-01' = {
  parent: account
  name: 'default'
  dependsOn: [blobs]
  properties: {
    policy: {
      rules: [
        // A batch may read its upload for the six days that it may take; one more to begin with it.
        removal('uploads', 7)
        removal('incoming', incomingDays)
        removal('batches', batchDays + 1)
        {
          // Of artifacts and deployments: so long can one that was lost be restored.
          name: 'earlier-versions'
          type: 'Lifecycle'
          definition: {
            filters: { blobTypes: ['blockBlob'] }
            actions: { version: { delete: { daysAfterCreationGreaterThan: 14 } } }
          }
        }
      ]
    }
  }
}

@description('Removes what lies in a container for longer than so many days. Versions of it too, or each file would be paid for twice as long.')
func removal(container string, days int) object => {
  name: container
  type: 'Lifecycle'
  definition: {
    filters: { blobTypes: ['blockBlob'], prefixMatch: ['${container}/'] }
    actions: {
      baseBlob: { delete: { daysAfterModificationGreaterThan: days } }
      version: { delete: { daysAfterCreationGreaterThan: days } }
    }
  }
}

// What the Functions host asks of its storage for blob triggers, queues and timers (its own locks and receipts), and
// the app for its files and messages: the same account, so the same roles.
var roles = {
  blobDataOwner: 'b7e6dc6d-f1e8-4753-8033-0f276bb0955b'
  queueDataContributor: '974c5e8b-45b9-4653-ba55-5f855dd0fb88'
  tableDataContributor: '0a9a7e1f-b9d0-4cc4-a60d-0319b160aaa3'
}

resource assignments 'Microsoft.Authorization/roleAssignments@2022-04-01' = [
  for role in items(roles): {
    name: guid(account.id, principalId, role.value)
    scope: account
    properties: {
      principalId: principalId
      principalType: 'ServicePrincipal'
      roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', role.value)
    }
  }
]

output id string = account.id
output name string = account.name
output blobEndpoint string = account.properties.primaryEndpoints.blob
output queueEndpoint string = account.properties.primaryEndpoints.queue
output tableEndpoint string = account.properties.primaryEndpoints.table
