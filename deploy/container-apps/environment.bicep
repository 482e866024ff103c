// What the apps run in.
@description('Where it stands.')
param location string

@description('The ending of its name.')
param suffix string

@description('Its tags.')
param tags object

@description('The subnet it stands in; null: a network of the platform\'s.')
param subnetId string?

@description('Where the containers\' own output goes; telemetry goes to Application Insights by itself.')
param workspaceId string

resource environment 'Microsoft.App/managedEnvironments@2025-07-01' = {
  name: 'cae-${suffix}'
  location: location
  tags: tags
  properties: {
    // Not by the workspace's key: it has none.
    appLogsConfiguration: { destination: 'azure-monitor' }
    vnetConfiguration: subnetId == null ? null : { infrastructureSubnetId: subnetId!, internal: false }
    workloadProfiles: [{ name: 'Consumption', workloadProfileType: 'Consumption' }]
  }
}

#disable-next-line BCP081
resource logs 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  name: 'logs'
  scope: environment
  properties: {
    workspaceId: workspaceId
    logs: [
      { category: 'ContainerAppConsoleLogs', enabled: true }
      { category: 'ContainerAppSystemLogs', enabled: true }
    ]
  }
}

output id string = environment.id
