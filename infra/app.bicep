// The app: on Flex Consumption or on a plan of its own, what an instance has room for, and who may reach it.
import { Dedicated, InboundRule, Scale } from 'types.bicep'
import { hostSettings } from 'dedicated.bicep'

@description('Where the resources stand.')
param location string

@description('The name of the app; its URL begins with it.')
param name string

@description('Tags of every resource.')
param tags object

@description('The identity that the app works as.')
param identity { id: string, clientId: string }

@description('The storage account\'s endpoints.')
param storage { blob: string, queue: string, table: string }

@description('The database.')
param cosmos { endpoint: string, database: string }

@description('Where telemetry goes.')
param insightsConnectionString string

@description('What it runs on.')
param plan 'flex' | 'dedicated'

@description('How it scales on Flex Consumption.')
param scale Scale

@description('How large a plan of its own is.')
param dedicated Dedicated

@description('Whether instances are spread over zones. It needs two that are always there.')
param zoneRedundant bool

@description('Who may do what: by the keys of functions, or by the roles of who signed in.')
param access 'keys' | 'roles'

@description('The ranges of addresses from which callers come; empty: all.')
param allowedIpRanges string[]

@description('The subnet it calls out from; null: the internet.')
param subnetId string?

@description('Days for which batch jobs and their files are kept.')
param batchDays int

@description('Hosts from which batches may read their input by https, separated by commas; empty: none.')
param batchUrlHosts string

@description('Settings of the app that are to differ from those in app-settings.bicep, by name.')
param settings { *: string }

var isFlex = plan == 'flex'

// What an instance has room for. On Flex Consumption its disk is 0.8 GB; a request body in the queue, a model in
// memory and its file must fit at once.
var rooms = {
  '512': { vcpus: 1, modelCacheMB: 150, queuedMB: 100, inspectionMB: 300, modelMB: 250, diskMB: 300, preparedMB: 250, spoolMB: 150 }
  '2048': { vcpus: 1, modelCacheMB: 800, queuedMB: 300, inspectionMB: 1000, modelMB: 250, diskMB: 300, preparedMB: 250, spoolMB: 150 }
  '4096': { vcpus: 2, modelCacheMB: 2000, queuedMB: 400, inspectionMB: 1500, modelMB: 250, diskMB: 300, preparedMB: 250, spoolMB: 150 }
  P0v3: { vcpus: 1, modelCacheMB: 1600, queuedMB: 400, inspectionMB: 1500, modelMB: 1000, diskMB: 4000, preparedMB: 2000, spoolMB: 500 }
  P1v3: { vcpus: 2, modelCacheMB: 4000, queuedMB: 600, inspectionMB: 2500, modelMB: 2000, diskMB: 4000, preparedMB: 2000, spoolMB: 500 }
  P2v3: { vcpus: 4, modelCacheMB: 9000, queuedMB: 1000, inspectionMB: 4000, modelMB: 2000, diskMB: 4000, preparedMB: 2000, spoolMB: 500 }
  P3v3: { vcpus: 8, modelCacheMB: 20000, queuedMB: 2000, inspectionMB: 6000, modelMB: 2000, diskMB: 4000, preparedMB: 2000, spoolMB: 500 }
}

var callers = [
  for (addresses, at) in allowedIpRanges: {
    name: 'callers-${at}'
    action: 'Allow'
    priority: 100 + at
    ipAddress: addresses
    tag: 'Default'
  }
]
// Told apart by address alone: health is refused to others too, and Event Grid comes with its key from anywhere in
// its own range.
var inbound InboundRule[] = empty(allowedIpRanges)
  ? []
  : concat(callers, [
      { name: 'dropped-models', action: 'Allow', priority: 1000, ipAddress: 'AzureEventGrid', tag: 'ServiceTag' }
    ])
var appTags = union(tags, { 'azd-service-name': 'pilotlight' })

module flex 'flex.bicep' = if (isFlex) {
  params: {
    location: location
    name: name
    tags: tags
    appTags: appTags
    identityId: identity.id
    blobEndpoint: storage.blob
    scale: zoneRedundant && scale.alwaysReadyHttp < 2
      ? fail('zoneRedundant: expected scale.alwaysReadyHttp to be at least 2')
      : scale
    zoneRedundant: zoneRedundant
    inbound: inbound
    subnetId: subnetId
  }
}

module ownPlan 'dedicated.bicep' = if (!isFlex) {
  params: {
    location: location
    name: name
    tags: tags
    appTags: appTags
    identityId: identity.id
    dedicated: zoneRedundant && dedicated.minimumInstances < 2
      ? fail('zoneRedundant: expected dedicated.minimumInstances to be at least 2')
      : dedicated
    zoneRedundant: zoneRedundant
    inbound: inbound
    subnetId: subnetId
  }
}

module appSettings 'app-settings.bicep' = {
  dependsOn: [flex, ownPlan]
  params: {
    appName: name
    clientId: identity.clientId
    storage: storage
    cosmos: cosmos
    insightsConnectionString: insightsConnectionString
    room: rooms[isFlex ? string(scale.instanceMemoryMB) : dedicated.sku]
    // Room before the first collection, where there is memory for it (docs/decisions/0007-node-flags.md).
    nodeArguments: isFlex && scale.instanceMemoryMB < 2048 ? '' : '--initial-old-space-size=128'
    access: access
    batchDays: batchDays
    batchUrlHosts: batchUrlHosts
    others: union(isFlex ? {} : hostSettings, settings)
  }
}

output name string = name
output hostName string = flex.?outputs.hostName ?? ownPlan.?outputs.hostName ?? ''
output planId string = flex.?outputs.planId ?? ownPlan.?outputs.planId ?? ''
