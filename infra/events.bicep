// Tells the app of models that are dropped into `incoming/`.
@description('Where the resources stand.')
param location string

@description('The ending of the resources\' names.')
param suffix string

@description('Tags of every resource.')
param tags object

@description('The storage account into which models are dropped.')
param storageName string

@description('The app\'s host name.')
param hostName string

@secure()
@description('The system key blobs_extension of the app\'s host. It exists once the app has run: empty at the first deployment; the hook postdeploy of azure.yaml deploys this file again with it.')
param blobsExtensionKey string

resource storage 'Microsoft.Storage/storageAccounts@2024-01-01' existing = { name: storageName }

resource topic 'Microsoft.EventGrid/systemTopics@2025-02-15' = {
  name: 'evgt-${suffix}'
  location: location
  tags: tags
  properties: {
    source: storage.id
    topicType: 'Microsoft.Storage.StorageAccounts'
  }

  resource drops 'eventSubscriptions' = if (!empty(blobsExtensionKey)) {
    name: 'dropped-models'
    properties: {
      eventDeliverySchema: 'EventGridSchema'
      filter: {
        includedEventTypes: ['Microsoft.Storage.BlobCreated']
        subjectBeginsWith: '/blobServices/default/containers/incoming/'
        subjectEndsWith: '.onnx'
      }
      retryPolicy: { maxDeliveryAttempts: 30, eventTimeToLiveInMinutes: 1440 }
      destination: {
        endpointType: 'WebHook'
        properties: {
          endpointUrl: 'https://${hostName}/runtime/webhooks/blobs?functionName=Host.Functions.drop-model&code=${blobsExtensionKey}'
        }
      }
    }
  }
}

output topicName string = topic.name
