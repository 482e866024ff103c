import { createHmac } from 'node:crypto';
import type { RequestOptions } from 'node:http';
import type { Config } from '../../config.ts';
import { azureCredential } from './clients.ts';

// Reading one document by Cosmos DB's REST interface: what an instance's first prediction needs of
// the registry. The SDK takes longer to load than all the rest of a start together.
// https://learn.microsoft.com/rest/api/cosmos-db/get-a-document

const API_VERSION = '2018-12-31';
const TIMEOUT_MS = 2_000;
const SCOPE_SUFFIX = '/.default';

export interface DocumentName {
  readonly database: string;
  readonly container: string;
  /** The value of the partition key. */
  readonly partition: string;
  readonly id: string;
}

/** A document with its ETag; `absent`: there is none of that name. */
export type FirstRead = { readonly document: unknown; readonly etag: string } | 'absent';

/**
 * Reads a document; undefined whenever anything is not as it should be: then it is the SDK's to try,
 * and to say what is wrong. Consistency is the account's, as in a client that has written nothing.
 */
export async function readFirst(
  cosmos: Config['cosmos'],
  name: Omit<DocumentName, 'database'>,
): Promise<FirstRead | undefined> {
  try {
    return await read(cosmos, { ...name, database: cosmos.database });
  } catch {
    return undefined;
  }
}

async function read(cosmos: Config['cosmos'], name: DocumentName): Promise<FirstRead | undefined> {
  const { endpoint, authorize } = accessOf(cosmos);
  const link = `dbs/${name.database}/colls/${name.container}/docs/${name.id}`;
  const date = new Date().toUTCString();
  const path = link.split('/').map(encodeURIComponent).join('/');
  const { status, headers, body } = await get(new URL(path, endpoint), {
    authorization: await authorize(link, date),
    'x-ms-date': date,
    'x-ms-version': API_VERSION,
    'x-ms-documentdb-partitionkey': JSON.stringify([name.partition]),
    accept: 'application/json',
  });
  // With a substatus it is the container that is missing, or not yet known where the request went.
  const substatus = headers['x-ms-substatus'] ?? '0';
  if (status === 404 && substatus === '0') return 'absent';
  const { etag } = headers;
  if (status !== 200 || etag === undefined) return undefined;
  return { document: JSON.parse(body) as unknown, etag };
}

interface Access {
  readonly endpoint: string;
  /** The value of the header `authorization` for a GET of a document. */
  readonly authorize: (link: string, date: string) => string | Promise<string>;
}

/** @throws Error for a connection string without endpoint or key */
function accessOf(cosmos: Config['cosmos']): Access {
  if (cosmos.kind === 'identity') {
    const { account } = cosmos.endpoints;
    return {
      endpoint: account,
      authorize: async () => {
        const credential = await azureCredential(cosmos.clientId);
        const token = await credential.getToken(new URL(account).origin + SCOPE_SUFFIX);
        if (!token) throw new Error('no token');
        return encodeURIComponent(`type=aad&ver=1.0&sig=${token.token}`);
      },
    };
  }
  const endpoint = /(?:^|;)\s*AccountEndpoint=([^;]+)/i.exec(cosmos.connectionString)?.[1];
  const key = /(?:^|;)\s*AccountKey=([^;]+)/i.exec(cosmos.connectionString)?.[1];
  if (!endpoint || !key) throw new Error('a connection string without endpoint or key');
  return { endpoint, authorize: (link, date) => signature({ key, link, date }) };
}

/** https://learn.microsoft.com/rest/api/cosmos-db/access-control-on-cosmosdb-resources */
export function signature({
  key,
  link,
  date,
}: {
  key: string;
  link: string;
  date: string;
}): string {
  const signed = createHmac('sha256', Buffer.from(key, 'base64'))
    .update(`get\ndocs\n${link}\n${date.toLowerCase()}\n\n`)
    .digest('base64');
  return encodeURIComponent(`type=master&ver=1.0&sig=${signed}`);
}

interface Got {
  readonly status: number | undefined;
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly body: string;
}

async function get(url: URL, headers: Record<string, string>): Promise<Got> {
  const { request } =
    url.protocol === 'https:' ? await import('node:https') : await import('node:http');
  const options: RequestOptions = { headers, timeout: TIMEOUT_MS };
  return await new Promise<Got>((resolve, reject) => {
    const asking = request(url, options, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', reject);
      response.on('end', () => {
        resolve({
          status: response.statusCode,
          headers: response.headers as Got['headers'],
          body: Buffer.concat(chunks).toString('utf8'),
        });
      });
    });
    asking.on('timeout', () => asking.destroy(new Error('no answer in time')));
    asking.on('error', reject);
    asking.end();
  });
}
