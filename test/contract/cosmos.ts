import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { CosmosClient } from '@azure/cosmos';
import { createHttpServer } from '@vercel/cosmosdb-server';
import type { Config } from '../../shared/config.ts';

export interface CosmosEmulator {
  readonly config: Config['cosmos'];
  close(): Promise<void>;
}

/** The Cosmos DB emulator in this process, on a free port, with the app's containers. */
export async function startCosmosEmulator(): Promise<CosmosEmulator> {
  // A connection that the server gives up may meet a request on its way.
  const server = createHttpServer({ keepAlive: true, keepAliveTimeout: 600_000 });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const key = Buffer.from('any key will do').toString('base64');
  const connectionString = `AccountEndpoint=http://127.0.0.1:${port}/;AccountKey=${key}`;
  const client = new CosmosClient({
    connectionString,
    connectionPolicy: { enableEndpointDiscovery: false },
  });
  const { database } = await client.databases.create({ id: 'pilotlight' });
  await database.containers.create({ id: 'registry', partitionKey: { paths: ['/model'] } });
  await database.containers.create({ id: 'batches', partitionKey: { paths: ['/id'] } });
  await database.containers.create({ id: 'counters', partitionKey: { paths: ['/rollout'] } });
  client.dispose();
  return {
    config: { kind: 'connectionString', connectionString, database: 'pilotlight' },
    async close() {
      if (!server.listening) return;
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}
