import { BlobServiceClient } from '@azure/storage-blob';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { createAzureBatchFiles } from '../../shared/adapters/azure/batch-files.ts';
import { createMemoryBatchFiles } from '../../shared/adapters/memory/batch-files.ts';
import type { BatchId } from '../../shared/batch/job.ts';
import type { BatchFiles } from '../../shared/ports/batches.ts';
import { type Azurite, connectionString, startAzurite } from './azurite.ts';
import { type BatchFilesHarness, batchFilesContract, STEP_BYTES } from './batch-store.ts';
import { type FaultProxy, startFaultProxy } from './fault-proxy.ts';

batchFilesContract('memory', memory);
batchFilesContract('Azurite', azurite);

function memory(): Promise<BatchFilesHarness> {
  const uploads = new Map<string, Uint8Array>();
  const files = createMemoryBatchFiles({ uploads, stepBytes: STEP_BYTES });
  const place = (blob: string) => {
    const [container = '', ...name] = blob.split('/');
    return { blobs: container === 'uploads' ? uploads : files.batches, name: name.join('/') };
  };
  return Promise.resolve({
    files,
    put(blob, bytes) {
      const { blobs, name } = place(blob);
      blobs.set(name, new Uint8Array(bytes));
      return Promise.resolve();
    },
    remove(blob) {
      const { blobs, name } = place(blob);
      blobs.delete(name);
      return Promise.resolve();
    },
    close: () => Promise.resolve(),
  });
}

async function azurite(): Promise<BatchFilesHarness> {
  const emulator = await startAzurite();
  const service = BlobServiceClient.fromConnectionString(emulator.connectionString);
  await service.getContainerClient('uploads').create();
  const clientOf = (blob: string) => {
    const [container = '', ...name] = blob.split('/');
    return service.getContainerClient(container).getBlockBlobClient(name.join('/'));
  };
  return {
    files: createAzureBatchFiles({
      storage: { kind: 'connectionString', connectionString: emulator.connectionString },
      stepBytes: STEP_BYTES,
    }),
    async put(blob, bytes) {
      await clientOf(blob).uploadData(bytes);
    },
    async remove(blob) {
      await clientOf(blob).delete();
    },
    contentType: async (blob) => (await clientOf(blob).getProperties()).contentType,
    close: () => emulator.stop(),
  };
}

describe('batch files over the network', () => {
  const id = '0'.repeat(26) as BatchId;
  let emulator: Azurite;
  let proxy: FaultProxy;
  let files: BatchFiles;
  beforeAll(async () => {
    emulator = await startAzurite();
    proxy = await startFaultProxy(emulator.blobPort);
    files = createAzureBatchFiles({
      storage: { kind: 'connectionString', connectionString: connectionString(proxy.port, 1) },
    });
  });
  afterAll(async () => {
    await proxy.stop();
    await emulator.stop();
  });
  afterEach(() => {
    proxy.before = () => 'pass';
  });

  test('an answer cut in the middle is read on from there', async () => {
    const bytes = Buffer.alloc(300_000, 'rows\n');
    async function* content() {
      yield await Promise.resolve(bytes);
    }
    const source = await files.write(id, 'input', content(), { maxBytes: 1e6 });
    let reads = 0;
    proxy.before = (request) => (request.headers['x-ms-range'] && ++reads === 1 ? 'cut' : 'pass');
    const parts: Uint8Array[] = [];
    for await (const part of files.read(source, 0, source.bytes)) parts.push(part);
    expect(reads).toBeGreaterThan(1);
    expect(Buffer.concat(parts).equals(bytes)).toBe(true);
  });

  test('a receipt whose answer was lost is its own attempt’s all the same', async () => {
    const receipt = {
      chunk: 1,
      attempt: 'aaaaaaaa',
      outputBlocks: 1,
      hasErrors: false,
      lines: 1,
      scored: 1,
      failed: 0,
    };
    const container = BlobServiceClient.fromConnectionString(
      emulator.connectionString,
    ).getContainerClient('batches');
    const direct = createAzureBatchFiles({
      storage: { kind: 'connectionString', connectionString: emulator.connectionString },
    });
    let sent = 0;
    // The service does it, and the answer that arrives is of the SDK's second try.
    proxy.before = async ({ method, url = '' }) => {
      if (method !== 'PUT' || !url.includes('/done/') || ++sent > 1) return 'pass';
      await direct.createReceipt(id, receipt);
      return { status: 503 };
    };
    expect(await files.createReceipt(id, receipt)).toBe(true);
    expect(sent).toBe(2);
    expect(await container.getBlobClient(`${id}/done/000/00001`).exists()).toBe(true);
  });

  test('a storage that answers only errors is unavailable', async () => {
    proxy.before = () => ({ status: 403 });
    const fresh = createAzureBatchFiles({
      storage: { kind: 'connectionString', connectionString: connectionString(proxy.port, 1) },
    });
    const ref = { id, prefix: undefined, result: 'output', format: 'csv' } as const;
    const source = { blob: 'uploads/x', etag: '"1"', bytes: 1 };
    const works: (() => Promise<unknown>)[] = [
      () => fresh.pin('uploads/x'),
      () => fresh.read(source, 0, 1)[Symbol.asyncIterator]().next(),
      () => fresh.stage(ref, 'AAAA', Buffer.from('x')),
      () => fresh.commit(ref, [], 'text/csv'),
      () => fresh.result(ref),
      () => fresh.listReceipts(id, 0),
      () => fresh.readReceipt(id, 0),
      () => fresh.listGroups(id),
      () => fresh.readGroup(id, 0),
      () => fresh.createGroup(id, 0, []),
      () => fresh.purge(id, undefined),
    ];
    for (const work of works) {
      await expect(work()).rejects.toMatchObject({ failure: { kind: 'unavailable' } });
    }
  });
});
