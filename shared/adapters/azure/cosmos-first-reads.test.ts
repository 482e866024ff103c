import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { CosmosClient } from '@azure/cosmos';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { readFirst, signature } from './cosmos-first-reads.ts';

const KEY = Buffer.from('a key of the account').toString('base64');
const WANTED = { container: 'registry', partition: 'm', id: 'verdict:1:2' };

let server: Server;
let asked: { url: string | undefined; headers: IncomingHttpHeaders }[];
let answer: { status: number; headers: Record<string, string>; body: string };
beforeEach(async () => {
  asked = [];
  answer = { status: 200, headers: { etag: '"7"' }, body: '{"id":"verdict:1:2","body":1}' };
  server = createServer(({ url, headers }, outgoing) => {
    asked.push({ url, headers });
    outgoing.writeHead(answer.status, answer.headers).end(answer.body);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
});
afterEach(() => {
  server.close();
  server.closeAllConnections();
});

function cosmos(connectionString?: string) {
  const { port } = server.address() as AddressInfo;
  const own = `AccountEndpoint=http://127.0.0.1:${port}/;AccountKey=${KEY};`;
  return {
    kind: 'connectionString',
    connectionString: connectionString ?? own,
    database: 'pilotlight',
  } as const;
}

describe('a first read', () => {
  test('asks as the SDK does', async () => {
    const { connectionString } = cosmos();
    const connectionPolicy = { enableEndpointDiscovery: false };
    const client = new CosmosClient({ connectionString, connectionPolicy });
    const container = client.database('pilotlight').container(WANTED.container);
    await container.item(WANTED.id, WANTED.partition).read();
    client.dispose();
    const bySdk = asked.find(({ url }) => url?.includes('/docs/'));
    asked = [];
    await readFirst(cosmos(), WANTED);
    const [byUs] = asked;
    expect(decodeURIComponent(byUs?.url ?? '')).toBe(decodeURIComponent(bySdk?.url ?? 'none'));
    const partition = 'x-ms-documentdb-partitionkey';
    expect(byUs?.headers[partition]).toBe(bySdk?.headers[partition]);
    // Each signs its own time.
    const link = `dbs/pilotlight/colls/registry/docs/${WANTED.id}`;
    for (const one of [bySdk, byUs]) {
      const date = String(one?.headers['x-ms-date']);
      expect(one?.headers.authorization).toBe(signature({ key: KEY, link, date }));
    }
  });

  test('finds the document and its tag', async () => {
    expect(await readFirst(cosmos(), WANTED)).toEqual({
      document: { id: 'verdict:1:2', body: 1 },
      etag: '"7"',
    });
  });

  test('tells that there is none', async () => {
    answer = { status: 404, headers: { 'x-ms-substatus': '0' }, body: '{}' };
    expect(await readFirst(cosmos(), WANTED)).toBe('absent');
  });

  test.each([
    [
      'the container is missing',
      { status: 404, headers: { 'x-ms-substatus': '1003' }, body: '{}' },
    ],
    ['it is refused', { status: 401, headers: {}, body: '{}' }],
    ['it is throttled', { status: 429, headers: {}, body: '{}' }],
    ['no tag comes', { status: 200, headers: {}, body: '{}' }],
    ['what comes is no JSON', { status: 200, headers: { etag: '"1"' }, body: '{' }],
  ])('leaves it to the SDK when %s', async (_, instead) => {
    answer = instead;
    expect(await readFirst(cosmos(), WANTED)).toBeUndefined();
    expect(asked).toHaveLength(1);
  });

  test('leaves it to the SDK when nobody answers, or nobody can be asked', async () => {
    const gone = cosmos();
    server.close();
    server.closeAllConnections();
    expect(await readFirst(gone, WANTED)).toBeUndefined();
    expect(await readFirst({ ...gone, connectionString: 'AccountKey=a' }, WANTED)).toBeUndefined();
  });
});
