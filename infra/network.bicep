// A network of the app's own, from which alone storage and database are reached.
@description('Where the resources stand.')
param location string

@description('The ending of the resources\' names.')
param suffix string

@description('Tags of every resource.')
param tags object

@description('The address space; a /24 is enough.')
param addressPrefix string

@description('The platform service that puts the app into its subnet; it differs by plan.')
param delegatedTo 'Microsoft.App/environments' | 'Microsoft.Web/serverFarms' = 'Microsoft.App/environments'

resource network 'Microsoft.Network/virtualNetworks@2024-05-01' = {
  name: 'vnet-${suffix}'
  location: location
  tags: tags
  properties: {
    addressSpace: { addressPrefixes: [addressPrefix] }
    subnets: [
      {
        name: 'app'
        properties: {
          addressPrefix: cidrSubnet(addressPrefix, 26, 0)
          delegations: [{ name: 'app', properties: { serviceName: delegatedTo } }]
        }
      }
      {
        name: 'endpoints'
        properties: {
          addressPrefix: cidrSubnet(addressPrefix, 26, 1)
          privateEndpointNetworkPolicies: 'Disabled'
        }
      }
    ]
  }

  resource app 'subnets' existing = { name: 'app' }
  resource endpoints 'subnets' existing = { name: 'endpoints' }
}

output id string = network.id
output appSubnetId string = network::app.id
output endpointsSubnetId string = network::endpoints.id
