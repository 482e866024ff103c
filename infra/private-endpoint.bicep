// One service reached from the network, under its usual name.
@description('Where the resources stand.')
param location string

@description('The name of the endpoint.')
param name string

@description('Tags of every resource.')
param tags object

@description('The service.')
param serviceId string

@description('Which part of the service, as the platform calls it: blob, queue, table, Sql.')
param groupId string

@description('The private DNS zone of such services.')
param zoneName string

@description('The network that resolves the name.')
param networkId string

@description('The subnet in which the endpoint stands.')
param subnetId string

resource zone 'Microsoft.Network/privateDnsZones@2024-06-01' = {
  name: zoneName
  location: 'global'
  tags: tags

  resource link 'virtualNetworkLinks' = {
    name: 'app'
    location: 'global'
    properties: { registrationEnabled: false, virtualNetwork: { id: networkId } }
  }
}

resource endpoint 'Microsoft.Network/privateEndpoints@2024-05-01' = {
  name: name
  location: location
  tags: tags
  properties: {
    subnet: { id: subnetId }
    privateLinkServiceConnections: [
      { name: groupId, properties: { privateLinkServiceId: serviceId, groupIds: [groupId] } }
    ]
  }

  resource names 'privateDnsZoneGroups' = {
    name: 'default'
    properties: { privateDnsZoneConfigs: [{ name: groupId, properties: { privateDnsZoneId: zone.id } }] }
  }
}
