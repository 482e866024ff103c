/** Where a running set of emulators listens, on this machine only. */
export interface EmulatorPorts {
  readonly blob: number;
  readonly queue: number;
  readonly cosmos: number;
}

/** The connection strings of the running emulators, as the settings take them. */
export interface EmulatorConnections {
  readonly storage: string;
  readonly cosmos: string;
}

/** The ports that Azure's own tools expect: `UseDevelopmentStorage=true`, and Cosmos's emulator. */
export const STANDARD_PORTS: EmulatorPorts = { blob: 10_000, queue: 10_001, cosmos: 8_081 };

const HOST = '127.0.0.1';
// Published by Microsoft for every emulator; they open nothing else.
const STORAGE_ACCOUNT = 'devstoreaccount1';
const STORAGE_KEY =
  'Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==';
const COSMOS_KEY =
  'C2y6yDjf5/R+ob0N8A7Cgv30VRDJIWEHLM+4QDU5DE2nQ9nDuVTqobD4b8mGGyPMbIZnqyMsEcaGQy67XIw/Jw==';

export function connectionsOf(ports: EmulatorPorts): EmulatorConnections {
  const storage = [
    'DefaultEndpointsProtocol=http',
    `AccountName=${STORAGE_ACCOUNT}`,
    `AccountKey=${STORAGE_KEY}`,
    `BlobEndpoint=http://${HOST}:${ports.blob}/${STORAGE_ACCOUNT}`,
    `QueueEndpoint=http://${HOST}:${ports.queue}/${STORAGE_ACCOUNT}`,
  ];
  return {
    storage: `${storage.join(';')};`,
    cosmos: `AccountEndpoint=http://${HOST}:${ports.cosmos}/;AccountKey=${COSMOS_KEY}`,
  };
}
