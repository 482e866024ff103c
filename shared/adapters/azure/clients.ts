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
    : new BlobServiceClient(storage.endpoints.blob, await azureCredential(storage.clientId));
}

/** The storage account's queues. */
export async function queueService(storage: Config['storage']): Promise<QueueServiceClient> {
  const { QueueServiceClient } = await import('@azure/storage-queue');
  return storage.kind === 'connectionString'
    ? QueueServiceClient.fromConnectionString(storage.connectionString)
    : new QueueServiceClient(storage.endpoints.queue, await azureCredential(storage.clientId));
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
          aadCredentials: await azureCredential(cosmos.clientId),
        });
  return client.database(cosmos.database);
}

const credentials = new Map<string | undefined, Promise<TokenCredential>>();

/** The identity the app has, a user-assigned one if named: one for all clients, which keeps its tokens. */
export function azureCredential(clientId: string | undefined): Promise<TokenCredential> {
  const known = credentials.get(clientId);
  if (known) return known;
  const made = import('@azure/identity').then(
    ({ DefaultAzureCredential }) =>
      new DefaultAzureCredential(clientId ? { managedIdentityClientId: clientId } : {}),
  );
  credentials.set(clientId, made);
  made.catch(() => credentials.delete(clientId));
  return made;
}
