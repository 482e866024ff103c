import { createHash, randomBytes } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BlobServiceClient } from '@azure/storage-blob';
import { describe, expect, test } from '@jest/globals';
import { blockSizeFor, createAzureArtifacts } from '../../shared/adapters/azure/artifacts.ts';
import { createMemoryArtifacts } from '../../shared/adapters/memory/artifacts.ts';
import type { Digest, ModelName } from '../../shared/ids.ts';
import type { ArtifactRef } from '../../shared/ports.ts';
import { type ArtifactHarness, artifactStoreContract, RANGE_BYTES } from './artifact-store.ts';
import { connectionString, startAzurite } from './azurite.ts';
import { type Fault, startFaultProxy } from './fault-proxy.ts';

artifactStoreContract('memory', memory);
artifactStoreContract('Azurite', azurite);

function memory(): Promise<ArtifactHarness> {
  let hook: () => void | Promise<void> = () => undefined;
  const store = createMemoryArtifacts({ rangeBytes: RANGE_BYTES, onRead: () => hook() });
  return Promise.resolve({
    store,
    replace: (name, bytes) => Promise.resolve(void store.artifacts.set(name, bytes)),
    stored: (name) => {
      const found = store.artifacts.get(name);
      return Promise.resolve(found && new Uint8Array(found));
    },
    upload: (name, bytes) => Promise.resolve(void store.uploads.set(name, bytes)),
    beforeRange: (next) => {
      hook = next;
    },
    close: () => Promise.resolve(),
  });
}

async function azurite(): Promise<ArtifactHarness> {
  const emulator = await startAzurite();
  const proxy = await startFaultProxy(emulator.blobPort);
  const service = BlobServiceClient.fromConnectionString(emulator.connectionString);
  const uploads = service.getContainerClient('uploads');
  await uploads.create();
  const artifacts = service.getContainerClient('artifacts');
  return {
    store: createAzureArtifacts({
      storage: { kind: 'connectionString', connectionString: connectionString(proxy.port, 1) },
      rangeBytes: RANGE_BYTES,
      blockBytes: 2 * RANGE_BYTES,
    }),
    async replace(name, bytes) {
      await artifacts.getBlockBlobClient(name).uploadData(bytes);
    },
    async stored(name) {
      const blob = artifacts.getBlockBlobClient(name);
      return (await blob.exists()) ? new Uint8Array(await blob.downloadToBuffer()) : undefined;
    },
    async upload(name, bytes) {
      await uploads.getBlockBlobClient(name).uploadData(bytes);
    },
    beforeRange(hook) {
      proxy.before = async (request): Promise<Fault> => {
        if (request.headers['x-ms-range']) await hook();
        return 'pass';
      };
    },
    async close() {
      await proxy.stop();
      await emulator.stop();
    },
  };
}

describe('artifacts over a bad network', () => {
  test('an answer cut in the middle is read on from there', async () => {
    const emulator = await startAzurite();
    const proxy = await startFaultProxy(emulator.blobPort);
    const folder = await mkdtemp(join(tmpdir(), 'artifacts-'));
    try {
      const storage = {
        kind: 'connectionString',
        connectionString: connectionString(proxy.port, 1),
      } as const;
      const store = createAzureArtifacts({ storage });
      const bytes = randomBytes(300_000);
      const digest = createHash('sha256').update(bytes).digest('hex') as Digest;
      const ref: ArtifactRef = {
        model: 'm' as ModelName,
        incarnation: 1,
        digest,
        name: 'model.onnx',
      };
      await writeFile(join(folder, 'from'), bytes);
      await store.put(ref, join(folder, 'from'));
      let reads = 0;
      proxy.before = (request) => (request.headers['x-ms-range'] && ++reads === 1 ? 'cut' : 'pass');
      expect(await store.fetch(ref, join(folder, 'to'))).toBe(true);
      expect(reads).toBeGreaterThan(1);
      expect(bytes.equals(await readFile(join(folder, 'to')))).toBe(true);
    } finally {
      await proxy.stop();
      await emulator.stop();
      await rm(folder, { recursive: true, force: true });
    }
  });

  test('a storage that is not there is unavailable', async () => {
    const proxy = await startFaultProxy(1);
    const port = proxy.port;
    await proxy.stop();
    const store = createAzureArtifacts({
      storage: { kind: 'connectionString', connectionString: connectionString(port, port) },
    });
    await expect(store.ping()).rejects.toMatchObject({ failure: { kind: 'unavailable' } });
  });
});

test('a blob never has more blocks than Azure takes', () => {
  for (const bytes of [1, 50_000, 50_001, 99_999, 100_000, 100_001, 2_000_000_000]) {
    expect(Math.ceil(bytes / blockSizeFor(bytes, 1))).toBeLessThanOrEqual(50_000);
  }
  expect(blockSizeFor(50_000, 1)).toBe(1);
  expect(blockSizeFor(1, 8)).toBe(8);
});
