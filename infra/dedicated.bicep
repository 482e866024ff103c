// A plan of the app's own (Premium v3): a fixed price, instances that never go cold, and disks with room for large
// models. It is scaled by the rules of autoscale.bicep.
import { Dedicated, InboundRule } from 'types.bicep'

@description('Where the resources stand.')
param location string

@description('The name of the app; its URL begins with it.')
param name string

@description('Tags of the plan.')
param tags object

@description('Tags of the app.')
param appTags object

@description('The identity that the app works as.')
param identityId string

@description('Size and number of instances.')
param dedicated Dedicated

@description('Whether instances are spread over zones.')
param zoneRedundant bool

@description('Who may reach it; empty: everybody.')
param inbound InboundRule[]

@description('The subnet it calls out from; null: the internet.')
param subnetId string?

@export()
@description('Settings that Flex Consumption makes itself, and refuses.')
var hostSettings = {
  FUNCTIONS_EXTENSION_VERSION: '~4'
  FUNCTIONS_WORKER_RUNTIME: 'node'
  WEBSITE_RUN_FROM_PACKAGE: '1'
  // The package is complete: a build would take the runtime's library out of it.
  ENABLE_ORYX_BUILD: 'false'
  SCM_DO_BUILD_DURING_DEPLOYMENT: 'false'
  // One process a container, for weeks: glibc gives back what evicted models held, V8 collects less often.
  MALLOC_MMAP_THRESHOLD_: '131072'
  MALLOC_TRIM_THRESHOLD_: '131072'
}

resource plan 'Microsoft.Web/serverfarms@2024-04-01' = {
  name: 'plan-${name}'
  location: location
  tags: tags
  kind: 'linux'
  // The size alone: P0v3 is of another tier than the rest, which Azure knows.
  sku: { name: dedicated.sku, capacity: dedicated.minimumInstances }
  properties: { reserved: true, zoneRedundant: zoneRedundant }
}

resource app 'Microsoft.Web/sites@2024-04-01' = {
  name: name
  location: location
  tags: appTags
  kind: 'functionapp,linux'
  identity: { type: 'UserAssigned', userAssignedIdentities: { '${identityId}': {} } }
  properties: {
    serverFarmId: plan.id
    httpsOnly: true
    virtualNetworkSubnetId: subnetId
    // Callers that stay on one version are told apart by a header, not by a cookie of the platform.
    clientAffinityEnabled: false
    siteConfig: {
      linuxFxVersion: 'NODE|22'
      alwaysOn: true
      // Readiness, not liveness: an instance that hangs in a run says so there, and is replaced.
      healthCheckPath: '/v2/health/ready'
      ftpsState: 'Disabled'
      minTlsVersion: '1.2'
      scmMinTlsVersion: '1.2'
      http20Enabled: true
      vnetRouteAllEnabled: true
      cors: { allowedOrigins: [] }
      ipSecurityRestrictions: inbound
      ipSecurityRestrictionsDefaultAction: empty(inbound) ? 'Allow' : 'Deny'
      scmIpSecurityRestrictionsUseMain: true
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
}

output planId string = plan.id
output hostName string = app.properties.defaultHostName
