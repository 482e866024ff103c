import { BlobServiceClient } from '@azure/storage-blob';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { createAzureBatchFiles } from '../../shared/adapters/azure/batch-files.ts';
import { createAzureUploads } from '../../shared/adapters/azure/uploads.ts';
import { createMemoryBatchFiles } from '../../shared/adapters/memory/batch-files.ts';
import { createMemoryUploads } from '../../shared/adapters/memory/uploads.ts';
import type { BatchFiles } from '../../shared/ports/batches.ts';
import type { Uploads } from '../../shared/ports/uploads.ts';
import { startAzurite } from './azurite.ts';

interface UploadsHarness {
  readonly uploads: Uploads;
  /** Where what was uploaded is looked for. */
  readonly files: BatchFiles;
  /** The status that the storage answers. */
  request(method: string, url: string, body?: string): Promise<number>;
  close(): Promise<void>;
}

uploadsContract('memory', () => {
  const blobs = new Map<string, Uint8Array>();
  const uploads = createMemoryUploads({ uploads: blobs, clock: () => Date.now() });
  return Promise.resolve({
    uploads,
    files: createMemoryBatchFiles({ uploads: blobs }),
    request: (method, url, body = '') =>
      Promise.resolve(uploads.request(method, url, Buffer.from(body))),
    close: () => Promise.resolve(),
  });
});

uploadsContract('Azurite', async () => {
  const azurite = await startAzurite();
  const storage = {
    kind: 'connectionString',
    connectionString: azurite.connectionString,
  } as const;
  return {
    uploads: createAzureUploads({ storage }),
    files: createAzureBatchFiles({ storage }),
    async request(method, url, body) {
      const answer = await fetch(url, {
        method,
        headers: { 'x-ms-blob-type': 'BlockBlob' },
        ...(body !== undefined && { body }),
      });
      await answer.arrayBuffer();
      return answer.status;
    },
    close: () => azurite.stop(),
  };
});

function uploadsContract(name: string, make: () => Promise<UploadsHarness>): void {
  describe(`uploads: ${name}`, () => {
    let harness: UploadsHarness;
    beforeAll(async () => {
      harness = await make();
    });
    afterAll(() => harness.close());

    test('what is put to the URL is the blob, until an hour has passed', async () => {
      const now = Date.now();
      const { blob, url, expiresAt } = await harness.uploads.grant('churn.csv', now);
      expect(blob).toMatch(/^uploads\/[0-9a-f]{32}\/churn\.csv$/);
      expect(expiresAt).toBe(now + 3_600_000);
      expect(await harness.files.pin(blob)).toBeUndefined();
      expect(await harness.request('PUT', url, 'id,x\n')).toBe(201);
      expect(await harness.files.pin(blob)).toMatchObject({ blob, bytes: 5 });
    });

    test('the URL lets nothing else be done', async () => {
      const { blob, url } = await harness.uploads.grant('a.csv', Date.now());
      await harness.request('PUT', url, 'secret');
      expect(await harness.request('GET', url)).toBe(403);
      expect(await harness.request('HEAD', url)).toBe(403);
      expect(await harness.request('DELETE', url)).toBe(403);
      const other = await harness.uploads.grant('a.csv', Date.now());
      expect(other.blob).not.toBe(blob);
      const elsewhere = new URL(url);
      elsewhere.pathname = new URL(other.url).pathname;
      expect(await harness.request('PUT', elsewhere.href, 'x')).toBe(403);
      const forged = new URL(url);
      forged.searchParams.set('sig', Buffer.alloc(32).toString('base64'));
      expect(await harness.request('PUT', forged.href, 'x')).toBe(403);
      expect(await harness.files.pin(blob)).toMatchObject({ bytes: 6 });
    });

    test('one that has expired is refused', async () => {
      const { blob, url } = await harness.uploads.grant('a.csv', Date.now() - 3_700_000);
      expect(await harness.request('PUT', url, 'x')).toBe(403);
      expect(await harness.files.pin(blob)).toBeUndefined();
    });

    test.each([
      ['my file (1).csv', 'my-file-1-.csv'],
      ['../../artifacts/x', '..-..-artifacts-x'],
      ['Größe.csv', 'Gr-e.csv'],
      ['..', 'file'],
      ['', 'file'],
      [`${'x'.repeat(300)}.csv`, `${'x'.repeat(96)}.csv`],
    ])('a file called %j is called %j', async (given, safe) => {
      const { blob, url } = await harness.uploads.grant(given, Date.now());
      expect(blob.split('/').slice(2)).toEqual([safe]);
      expect(await harness.request('PUT', url, 'x')).toBe(201);
      expect(await harness.files.pin(blob)).toMatchObject({ bytes: 1 });
    });
  });
}

describe('uploads by identity', () => {
  const KEY = Buffer.from('a delegation key of 32 bytes ....').toString('base64');
  /** A service that hands out delegation keys, and what was asked of it. */
  function standIn() {
    const asked: { url: string; body: string }[] = [];
    const service = new BlobServiceClient(
      'https://account.blob.core.windows.net',
      { getToken: () => Promise.resolve({ token: 't', expiresOnTimestamp: Date.now() + 1e7 }) },
      {
        httpClient: {
          sendRequest: (request) => {
            const body = typeof request.body === 'string' ? request.body : '';
            asked.push({ url: request.url, body });
            const [start = '', expiry = ''] = [/<Start>(.*?)</, /<Expiry>(.*?)</].map(
              (each) => each.exec(body)?.[1] ?? '',
            );
            const headers = request.headers.clone();
            headers.set('content-type', 'application/xml');
            if (!request.url.includes('restype=service')) {
              return Promise.resolve({ request, status: 201, headers });
            }
            return Promise.resolve({
              request,
              status: 200,
              headers,
              bodyAsText: `<?xml version="1.0"?><UserDelegationKey><SignedOid>oid</SignedOid><SignedTid>tid</SignedTid><SignedStart>${start}</SignedStart><SignedExpiry>${expiry}</SignedExpiry><SignedService>b</SignedService><SignedVersion>2020-02-10</SignedVersion><Value>${KEY}</Value></UserDelegationKey>`,
            });
          },
        },
      },
    );
    const uploads = createAzureUploads({
      storage: { kind: 'identity', endpoints: { blob: service.url, queue: '' } },
      connect: () => Promise.resolve(service),
    });
    return { asked, uploads };
  }
  const now = Date.parse('2026-01-02T03:04:05Z');

  test('a URL is signed by a delegation key, for one blob, by https, to write only', async () => {
    const { uploads } = standIn();
    const { blob, url } = await uploads.grant('a b.csv', now);
    const { origin, pathname, searchParams } = new URL(url);
    expect(`${origin}${pathname}`).toBe(`https://account.blob.core.windows.net/${blob}`);
    const given = Object.fromEntries(searchParams);
    expect(given).toMatchObject({ sp: 'cw', sr: 'b', spr: 'https', skoid: 'oid', sktid: 'tid' });
    expect(given.se).toBe('2026-01-02T04:04:05Z');
    expect(Buffer.from(given.sig ?? '', 'base64')).toHaveLength(32);
  });

  test('a key is asked for once in hours, and outlives what it signs', async () => {
    const { asked, uploads } = standIn();
    const keys = () => asked.filter(({ url }) => url.includes('comp=userdelegationkey'));
    await Promise.all([uploads.grant('a', now), uploads.grant('b', now)]);
    await uploads.grant('c', now + 5 * 3_600_000);
    expect(keys()).toHaveLength(1);
    expect(keys()[0]?.body).toContain('<Start>2026-01-02T02:59:05Z</Start>');
    expect(keys()[0]?.body).toContain('<Expiry>2026-01-02T09:04:05Z</Expiry>');
    await uploads.grant('d', now + 5 * 3_600_000 + 1);
    expect(keys()).toHaveLength(2);
  });
});
