import { randomBytes } from 'node:crypto';
import { BlobServiceClient } from '@azure/storage-blob';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { createAzureDroppedFiles } from '../../shared/adapters/azure/dropped-files.ts';
import { createMemoryDroppedFiles } from '../../shared/adapters/memory/dropped-files.ts';
import type { DroppedBlob } from '../../shared/drops/drop.ts';
import type { DroppedFiles } from '../../shared/ports/dropped-files.ts';
import { startAzurite } from './azurite.ts';

interface Harness {
  readonly files: DroppedFiles;
  /** As somebody with a storage client does. */
  put(path: string, bytes: Uint8Array): Promise<void>;
  remove(path: string): Promise<void>;
  get(path: string): Promise<{ text: string; type: string | undefined }>;
  close(): Promise<void>;
}

const PATHS = [
  'churn/model.onnx',
  'churn/2024 June/a b.onnx',
  'churn/ünïcode/模型 🙂.onnx',
  'churn/100%.onnx',
  'churn/%41%2F%00.onnx',
  'churn/a+b&c=d;e,f#g?h.onnx',
  `churn/"quoted"'<>[]{}|^~.onnx`,
  'top.onnx',
];

describe.each([
  ['memory', memory],
  ['Azurite', azurite],
])('dropped files in %s', (_, make) => {
  let harness: Harness;
  let files: DroppedFiles;
  beforeAll(async () => {
    harness = await make();
    ({ files } = harness);
  });
  afterAll(() => harness.close());

  const failure = (work: Promise<unknown>): Promise<unknown> =>
    work.then(
      () => 'no failure',
      (error: unknown) => (error as { failure?: { kind?: string } }).failure?.kind ?? error,
    );
  const listed = async (): Promise<(DroppedBlob & { writtenAt: number })[]> => {
    const all = [];
    for await (const blob of files.list()) all.push(blob);
    return all;
  };
  const look = async (path: string): Promise<DroppedBlob> => {
    const blob = await files.look(path);
    if (!blob) throw new Error(`${path}: it is not there`);
    return blob;
  };

  test('without a container there is nothing', async () => {
    const nothing = await make();
    expect(await nothing.files.look('churn/model.onnx')).toBeUndefined();
    const none = [];
    for await (const blob of nothing.files.list()) none.push(blob);
    expect(none).toEqual([]);
    await nothing.close();
  });

  test.each(PATHS)('%s is seen, read and listed by its name', async (path) => {
    const bytes = randomBytes(300);
    await harness.put(path, bytes);
    const blob = await look(path);
    expect(blob).toEqual({ path, etag: expect.stringMatching(/^".+"$/) as unknown, bytes: 300 });
    expect(bytes.equals(await files.read(blob, 300))).toBe(true);
    const found = (await listed()).filter((each) => each.path === path);
    expect(found).toEqual([{ ...blob, writtenAt: expect.any(Number) as unknown }]);
    const [{ writtenAt } = { writtenAt: 0 }] = found;
    expect(Math.abs(Date.now() - writtenAt)).toBeLessThan(600_000);

    await files.leave(`${path}.report.json`, '{"why": "ü"}');
    await files.leave(`${path}.report.json`, '{"why": "später"}');
    expect(await harness.get(`${path}.report.json`)).toEqual({
      text: '{"why": "später"}',
      type: 'application/json',
    });
    expect(await look(path)).toEqual(blob);
  });

  test('only models are listed, all of them, by name, over many pages', async () => {
    const names = Array.from({ length: 12 }, (_, i) => `many/${String(i).padStart(2, '0')}.onnx`);
    for (const name of names) await harness.put(name, randomBytes(1));
    await harness.put('many/card.json', Buffer.from('{}'));
    await harness.put('many/03.onnx.report.json', Buffer.from('{}'));
    await harness.put('many/04.onnx.bak', Buffer.from('x'));
    const found = (await listed()).map(({ path }) => path);
    expect(found.filter((path) => path.startsWith('many/'))).toEqual(names);
    expect(found).toEqual([...new Set(found)].sort());
  });

  test('what has changed since is another state, and is not read as the old one', async () => {
    const bytes = randomBytes(50);
    await harness.put('changing/m.onnx', bytes);
    const before = await look('changing/m.onnx');
    // The same bytes again are another state: somebody dropped them again.
    await harness.put('changing/m.onnx', Buffer.from(bytes));
    const after = await look('changing/m.onnx');
    expect(after.etag).not.toBe(before.etag);
    expect(await failure(files.read(before, 50))).toBe('conflict');
    expect(bytes.equals(await files.read(after, 50))).toBe(true);

    await harness.remove('changing/m.onnx');
    expect(await failure(files.read(after, 50))).toBe('conflict');
    expect(await files.look('changing/m.onnx')).toBeUndefined();
  });

  test('what has more bytes than may be held is not read', async () => {
    await harness.put('large/card.json', randomBytes(11));
    expect(await failure(files.read(await look('large/card.json'), 10))).toBe('tooLarge');
    await harness.put('large/empty.csv', Buffer.alloc(0));
    expect(await files.read(await look('large/empty.csv'), 10)).toHaveLength(0);
  });
});

async function memory(): Promise<Harness> {
  const incoming = new Map<string, Uint8Array>();
  return Promise.resolve({
    files: createMemoryDroppedFiles({ incoming, clock: () => Date.now() }),
    put: (path, bytes) => Promise.resolve(void incoming.set(path, bytes)),
    remove: (path) => Promise.resolve(void incoming.delete(path)),
    get: (path) =>
      Promise.resolve({
        text: Buffer.from(incoming.get(path) ?? []).toString(),
        type: 'application/json',
      }),
    close: () => Promise.resolve(),
  });
}

async function azurite(): Promise<Harness> {
  const emulator = await startAzurite();
  const { connectionString } = emulator;
  const container =
    BlobServiceClient.fromConnectionString(connectionString).getContainerClient('incoming');
  return {
    files: createAzureDroppedFiles({
      storage: { kind: 'connectionString', connectionString },
      pageSize: 5,
    }),
    async put(path, bytes) {
      await container.createIfNotExists();
      await container.getBlockBlobClient(path).uploadData(bytes);
    },
    async remove(path) {
      await container.deleteBlob(path);
    },
    async get(path) {
      const blob = container.getBlobClient(path);
      const { contentType } = await blob.getProperties();
      return { text: (await blob.downloadToBuffer()).toString(), type: contentType };
    },
    close: () => emulator.stop(),
  };
}
