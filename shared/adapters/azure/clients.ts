import type { Database } from '@azure/cosmos';
import type { TokenCredential } from '@azure/identity';
import type { BlobServiceClient } from '@azure/storage-blob';
import type { QueueServiceClient } from '@azure/storage-queue';
import type { Config } from '../../config.ts';

// The SDKs load on first use: none of them is needed for a prediction whose model is warm.

/** The storage account's blobs. Retries are the SDK's: five, with back-off. */
export async function blobService(storage: Config['storage']): Promise<BlobServiceClient> {
  const { BlobServiceClient } = await import('@azure/storage-blob');
  return storage.kind === 'connectionString'
    ? BlobServiceClient.fromConnectionString(storage.connectionString)
    : new BlobServiceClient(storage.endpoints.blob, await credential(storage.clientId));
}

/** The storage account's queues. */
export async function queueService(storage: Config['storage']): Promise<QueueServiceClient> {
  const { QueueServiceClient } = await import('@azure/storage-queue');
  return storage.kind === 'connectionString'
    ? QueueServiceClient.fromConnectionString(storage.connectionString)
    : new QueueServiceClient(storage.endpoints.queue, await credential(storage.clientId));
}

/** The Cosmos DB database; whether it exists is the caller's to see. */
export async function cosmosDatabase(cosmos: Config['cosmos']): Promise<Database> {
  const { CosmosClient } = await import('@azure/cosmos');
  const client =
    cosmos.kind === 'connectionString'
      ? new CosmosClient({
          connectionString: cosmos.connectionString,
          // The emulator is one plain HTTP endpoint and can't name its regions.
          connectionPolicy: {
            enableEndpointDiscovery: !/AccountEndpoint=http:/i.test(cosmos.connectionString),
          },
        })
      : new CosmosClient({
          endpoint: cosmos.endpoints.account,
          aadCredentials: await credential(cosmos.clientId),
        });
  return client.database(cosmos.database);
}

async function credential(clientId: string | undefined): Promise<TokenCredential> {
  const { DefaultAzureCredential } = await import('@azure/identity');
  return new DefaultAzureCredential(clientId ? { managedIdentityClientId: clientId } : {});
}
