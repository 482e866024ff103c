// Storage and database, reached from the app's network alone.
@description('Where the resources stand.')
param location string

@description('The ending of the resources\' names.')
param suffix string

@description('Tags of every resource.')
param tags object

@description('The storage account.')
param storageId string

@description('The database account.')
param cosmosId string

@description('The network that resolves the names.')
param networkId string

@description('The subnet in which the endpoints stand.')
param subnetId string

module storage 'private-endpoint.bicep' = [
  for part in ['blob', 'queue', 'table']: {
    params: {
      location: location
      name: 'pe-${part}-${suffix}'
      tags: tags
      serviceId: storageId
      groupId: part
      zoneName: 'privatelink.${part}.${environment().suffixes.storage}'
      networkId: networkId
      subnetId: subnetId
    }
  }
]

module database 'private-endpoint.bicep' = {
  params: {
    location: location
    name: 'pe-cosmos-${suffix}'
    tags: tags
    serviceId: cosmosId
    groupId: 'Sql'
    zoneName: 'privatelink.documents.azure.com'
    networkId: networkId
    subnetId: subnetId
  }
}
