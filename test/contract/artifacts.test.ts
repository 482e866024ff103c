import { createHash, randomBytes } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BlobServiceClient, type ContainerClient } from '@azure/storage-blob';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { blockSizeFor, createAzureArtifacts } from '../../shared/adapters/azure/artifacts.ts';
import { createMemoryArtifacts } from '../../shared/adapters/memory/artifacts.ts';
import { tagOf } from '../../shared/adapters/memory/blob-tag.ts';
import type { Digest, ModelName } from '../../shared/ids.ts';
import type { ArtifactRef, ArtifactStore } from '../../shared/ports/artifacts.ts';
import {
  type ArtifactHarness,
  artifactStoreContract,
  nameOf,
  RANGE_BYTES,
} from './artifact-store.ts';
import { type Azurite, connectionString, startAzurite } from './azurite.ts';
import { type Fault, type FaultProxy, startFaultProxy } from './fault-proxy.ts';

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
    drop: (path, bytes) => {
      store.incoming.set(path, bytes);
      return Promise.resolve({ path, etag: tagOf(bytes), bytes: bytes.byteLength });
    },
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
  const incoming = service.getContainerClient('incoming');
  await incoming.create();
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
    async drop(path, bytes) {
      const { etag = '' } = await incoming.getBlockBlobClient(path).uploadData(bytes);
      return { path, etag, bytes: bytes.byteLength };
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

describe('artifacts over the network', () => {
  let emulator: Azurite;
  let proxy: FaultProxy;
  let folder: string;
  let store: ArtifactStore;
  let container: ContainerClient;
  beforeAll(async () => {
    emulator = await startAzurite();
    proxy = await startFaultProxy(emulator.blobPort);
    folder = await mkdtemp(join(tmpdir(), 'artifacts-'));
    store = createAzureArtifacts({
      storage: { kind: 'connectionString', connectionString: connectionString(proxy.port, 1) },
      blockBytes: 1000,
    });
    container = BlobServiceClient.fromConnectionString(
      emulator.connectionString,
    ).getContainerClient('artifacts');
  });
  afterAll(async () => {
    await proxy.stop();
    await emulator.stop();
    await rm(folder, { recursive: true, force: true });
  });
  afterEach(() => {
    proxy.before = () => 'pass';
  });

  const given = async (bytes: Uint8Array): Promise<{ ref: ArtifactRef; file: string }> => {
    const digest = createHash('sha256').update(bytes).digest('hex') as Digest;
    const file = join(folder, digest);
    await writeFile(file, bytes);
    return { ref: { model: 'm' as ModelName, incarnation: 1, digest, name: 'model.onnx' }, file };
  };

  test('an answer cut in the middle is read on from there', async () => {
    const bytes = randomBytes(300_000);
    const { ref, file } = await given(bytes);
    await store.put(ref, file);
    let reads = 0;
    proxy.before = (request) => (request.headers['x-ms-range'] && ++reads === 1 ? 'cut' : 'pass');
    expect(await store.fetch(ref, join(folder, 'to'))).toBe(true);
    expect(reads).toBeGreaterThan(1);
    expect(bytes.equals(await readFile(join(folder, 'to')))).toBe(true);
  });

  test.each([
    ['in one request', 1000],
    ['in blocks', 1001],
  ])('what another writer stored first stays, %s', async (_, size) => {
    const { ref, file } = await given(randomBytes(size));
    const theirs = new Uint8Array(randomBytes(20));
    let raced = 0;
    proxy.before = async ({ method, url = '' }): Promise<Fault> => {
      if (method === 'PUT' && !url.includes('comp=block&') && raced++ === 0) {
        await container.createIfNotExists();
        await container.getBlockBlobClient(nameOf(ref)).uploadData(theirs);
      }
      return 'pass';
    };
    await store.put(ref, file);
    expect(raced).toBeGreaterThan(0);
    const stored = await container.getBlockBlobClient(nameOf(ref)).downloadToBuffer();
    expect(new Uint8Array(stored)).toEqual(theirs);
  });

  test('what stands is not sent again', async () => {
    const { ref, file } = await given(randomBytes(5000));
    await store.put(ref, file);
    const methods: (string | undefined)[] = [];
    proxy.before = ({ method }) => {
      methods.push(method);
      return 'pass';
    };
    await store.put(ref, file);
    expect(methods).toEqual(['HEAD']);
  });

  test('a storage that is not there is unavailable', async () => {
    const gone = await startFaultProxy(1);
    await gone.stop();
    const nowhere = createAzureArtifacts({
      storage: { kind: 'connectionString', connectionString: connectionString(gone.port, 1) },
    });
    await expect(nowhere.ping()).rejects.toMatchObject({ failure: { kind: 'unavailable' } });
  });
});

test('a blob never has more blocks than Azure takes', () => {
  for (const bytes of [1, 50_000, 50_001, 99_999, 100_000, 100_001, 2_000_000_000]) {
    expect(Math.ceil(bytes / blockSizeFor(bytes, 1))).toBeLessThanOrEqual(50_000);
  }
  expect(blockSizeFor(50_000, 1)).toBe(1);
  expect(blockSizeFor(1, 8)).toBe(8);
});
