// Lets somebody drop models by identity: the container `incoming/`, nothing else.
@description('The storage account.')
param storageName string

@description('Who: an object id of Entra ID.')
param principalId string

@description('What that is.')
@allowed(['User', 'Group', 'ServicePrincipal'])
param principalType string

resource storage 'Microsoft.Storage/storageAccounts@2024-01-01' existing = {
  name: storageName

  resource blobs 'blobServices' existing = {
    name: 'default'

    resource incoming 'containers' existing = { name: 'incoming' }
  }
}

var blobDataContributor = 'ba92f5b4-2d11-453d-a403-e96b0029c9fe'

resource mayDrop 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(storage::blobs::incoming.id, principalId, blobDataContributor)
  scope: storage::blobs::incoming
  properties: {
    principalId: principalId
    principalType: principalType
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', blobDataContributor)
  }
}
