import type { EmulatorConnections } from './emulator-endpoints.ts';

/** The blob containers that the app expects to stand. */
const BLOB_CONTAINERS = ['artifacts', 'uploads', 'incoming', 'batches'];
/** The queues that the app sends to; poison queues come when they are needed. */
const QUEUES = ['registrations', 'batch-chunks'];
const COSMOS_DATABASE = 'pilotlight';
const COSMOS_CONTAINERS = [
  { id: 'registry', partitionKey: '/model' },
  { id: 'batches', partitionKey: '/id' },
  { id: 'counters', partitionKey: '/rollout' },
];

/** Makes on the emulators what `infra/` makes on Azure; what stands already is left as it is. */
export async function provision(connections: EmulatorConnections): Promise<void> {
  await Promise.all([provisionStorage(connections.storage), provisionCosmos(connections.cosmos)]);
}

async function provisionStorage(connectionString: string): Promise<void> {
  const { BlobServiceClient } = await import('@azure/storage-blob');
  const { QueueServiceClient } = await import('@azure/storage-queue');
  const blobs = BlobServiceClient.fromConnectionString(connectionString);
  const queues = QueueServiceClient.fromConnectionString(connectionString);
  for (const name of BLOB_CONTAINERS) await blobs.getContainerClient(name).createIfNotExists();
  for (const name of QUEUES) await queues.getQueueClient(name).createIfNotExists();
}

async function provisionCosmos(connectionString: string): Promise<void> {
  const { CosmosClient } = await import('@azure/cosmos');
  const client = new CosmosClient({
    connectionString,
    connectionPolicy: { enableEndpointDiscovery: false },
  });
  const { database } = await client.databases.createIfNotExists({ id: COSMOS_DATABASE });
  for (const { id, partitionKey } of COSMOS_CONTAINERS) {
    await database.containers.createIfNotExists({
      id,
      partitionKey: { paths: [partitionKey] },
      defaultTtl: -1,
    });
  }
  client.dispose();
}
