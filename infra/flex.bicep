// Flex Consumption: nothing while idle, a process per instance, scaled by the platform.
//
// What it scales on: for HTTP the requests under way, of which an instance is given `httpConcurrency`; for each queue
// its messages, of which an instance takes `batchSize` of host.json. Both stand there and in main.bicep alone.
import { InboundRule, Scale } from 'types.bicep'

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

@description('The storage account\'s endpoint for blobs.')
param blobEndpoint string

@description('How it scales.')
param scale Scale

@description('Whether instances are spread over zones.')
param zoneRedundant bool

@description('Who may reach it; empty: everybody.')
param inbound InboundRule[]

@description('The subnet it calls out from; null: the internet.')
param subnetId string?

resource plan 'Microsoft.Web/serverfarms@2024-04-01' = {
  name: 'plan-${name}'
  location: location
  tags: tags
  kind: 'functionapp'
  sku: { name: 'FC1', tier: 'FlexConsumption' }
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
    siteConfig: {
      minTlsVersion: '1.2'
      scmMinTlsVersion: '1.2'
      http20Enabled: true
      cors: { allowedOrigins: [] }
      ipSecurityRestrictions: inbound
      ipSecurityRestrictionsDefaultAction: empty(inbound) ? 'Allow' : 'Deny'
      scmIpSecurityRestrictionsUseMain: true
    }
    functionAppConfig: {
      deployment: {
        storage: {
          type: 'blobContainer'
          value: '${blobEndpoint}deployments'
          authentication: { type: 'UserAssignedIdentity', userAssignedIdentityResourceId: identityId }
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
}

output planId string = plan.id
output hostName string = app.properties.defaultHostName
