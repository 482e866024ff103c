import { copyFile, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { BlobServiceClient, type BlockBlobClient, type ContainerClient } from '@azure/storage-blob';
import { QueueServiceClient } from '@azure/storage-queue';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { endEmulators, type HeldEmulators, holdEmulators } from '../../local/emulator-client.ts';
import { type BatchDocument, endOf, resultOf, scoreRows } from './batch-client.ts';
import { register, sample } from './client.ts';
import { call, eventsOf, fixtureBytes, modelOf, once, registerFixture } from './rollout-client.ts';
import { discard, type RunningHost, startHost } from './running-host.ts';

// What an operator restores (docs/operations.md): each loss, what callers see of it, and the way back.

const ENV = { PILOTLIGHT_SWEEP_AFTER_MS: '1000' };
const IMAGE = { name: 'image', datatype: 'FP32', shape: [1, 1, 8, 8], data: Array(64).fill(0.5) };
const REQUEST = { inputs: [IMAGE] };

let host: RunningHost;
beforeEach(async () => {
  host = await startHost({ env: ENV });
});
afterEach(async () => {
  await discard(host);
});

const hold = (): Promise<HeldEmulators> =>
  holdEmulators({
    folder: host.dataDir,
    entry: join(process.env.PILOTLIGHT_TEST_DIST ?? '', 'emulators.mjs'),
  });

/** The instance is gone, and its disk with it; what is stored stays. */
async function loseInstance(): Promise<void> {
  await host.kill();
  await rm(join(host.dataDir, 'scratch'), { recursive: true, force: true });
}

async function nextInstance(): Promise<void> {
  host = await startHost({ dataDir: host.dataDir, env: ENV });
}

const ask = (model: string) =>
  call<{ error?: string; model_version?: string }>(
    'POST',
    `${host.url}/v2/models/${model}/infer`,
    REQUEST,
  );

/** Answers as soon as what failed is tried again. */
async function answered(model: string): Promise<string | undefined> {
  for (;;) {
    const { status, document } = await ask(model);
    if (status === 200) return document.model_version;
    await sleep(100);
  }
}

describe('a lost model file', () => {
  /** A registered model whose file something was done to while no instance had it. */
  async function harmed(harm: (blob: BlockBlobClient) => Promise<unknown>): Promise<string> {
    const { document } = await register(host.url, 'digits', await sample('digits'));
    expect(document).toMatchObject({ state: 'ready', version: '1' });
    await answered('digits');
    const digest = String(document.digest);
    const emulators = await hold();
    try {
      await loseInstance();
      const artifacts = BlobServiceClient.fromConnectionString(
        emulators.storage,
      ).getContainerClient('artifacts');
      await harm(artifacts.getBlockBlobClient(`digits/1/sha256/${digest}/model.onnx`));
      await nextInstance();
    } finally {
      emulators.release();
    }
    return digest;
  }

  test('is our failure, which names it; registering the same again brings it back as it was', async () => {
    const digest = await harmed((blob) => blob.delete());
    const before = await eventsOf(host.url, 'digits');
    const { status, document } = await ask('digits');
    expect([status, document.error]).toEqual([
      503,
      `model.onnx of model digits with SHA-256 ${digest}: not in storage`,
    ]);
    // What the registry knows is not affected.
    expect(await modelOf(host.url, 'digits')).toMatchObject({ routing: { production: '1' } });

    const again = await register(host.url, 'digits', await sample('digits'));
    expect(again).toMatchObject({ status: 200, document: { version: '1', state: 'ready' } });
    expect(await answered('digits')).toBe('1');
    expect(await eventsOf(host.url, 'digits')).toEqual(before);
  });

  test('that is put back by hand serves without a restart', async () => {
    let put: () => Promise<unknown> = () => Promise.resolve();
    await harmed(async (blob) => {
      const bytes = await blob.downloadToBuffer();
      await blob.delete();
      put = async () => {
        const emulators = await hold();
        await BlobServiceClient.fromConnectionString(emulators.storage)
          .getContainerClient('artifacts')
          .getBlockBlobClient(blob.name)
          .uploadData(bytes);
        emulators.release();
      };
    });
    expect((await ask('digits')).status).toBe(503);
    await put();
    expect(await answered('digits')).toBe('1');
  });

  test('that holds other bytes is never served; removed and registered again it is as it was', async () => {
    const digest = await harmed((blob) => blob.uploadData(Buffer.from('something else')));
    const { status, document } = await ask('digits');
    expect(status).toBe(503);
    expect(document.error).toContain(digest);
    // What stands is never written over: registering alone does not help.
    await register(host.url, 'digits', await sample('digits'));
    expect((await ask('digits')).status).toBe(503);
    const emulators = await hold();
    const artifacts = BlobServiceClient.fromConnectionString(emulators.storage).getContainerClient(
      'artifacts',
    );
    await artifacts.getBlockBlobClient(`digits/1/sha256/${digest}/model.onnx`).delete();
    emulators.release();
    expect((await register(host.url, 'digits', await sample('digits'))).document).toMatchObject({
      version: '1',
    });
    expect(await answered('digits')).toBe('1');
  });
});

test('all files of a model: card and evaluation again, and only the whole report stays lost', async () => {
  const evaluation = { evaluation: 'models/digits/evaluation.csv' };
  expect(await registerFixture(host.url, 'digits', 'plain', evaluation)).toMatchObject({
    state: 'ready',
  });
  const emulators = await hold();
  const artifacts = BlobServiceClient.fromConnectionString(emulators.storage).getContainerClient(
    'artifacts',
  );
  try {
    const before = await namesIn(artifacts);
    expect(before.map((path) => path.split('/').at(-1)).sort()).toEqual([
      'evaluation.csv',
      'model.onnx',
      'report.json',
    ]);
    await loseInstance();
    for (const name of before) await artifacts.deleteBlob(name);
    await nextInstance();
    expect(await registerFixture(host.url, 'digits', 'plain', evaluation)).toMatchObject({
      version: '1',
      state: 'ready',
    });
    expect(await namesIn(artifacts)).toEqual(
      before.filter((path) => !path.endsWith('report.json')),
    );
  } finally {
    emulators.release();
  }
  const report = await call<{ gates: unknown[] }>(
    'GET',
    `${host.url}/models/digits/versions/1/report`,
  );
  expect([report.status, report.document.gates.length > 0]).toEqual([200, true]);
});

async function namesIn(container: ContainerClient): Promise<string[]> {
  const names: string[] = [];
  for await (const { name } of container.listBlobsFlat()) names.push(name);
  return names;
}

describe('the registry', () => {
  /** The instance and the emulators are gone; what they stored lies on disk. */
  async function stopAll(): Promise<string> {
    await loseInstance();
    for (let tries = 0; !(await endEmulators(host.dataDir)); tries++) {
      if (tries === 100) throw new Error('the emulators are still in use');
      await sleep(100);
    }
    return join(host.dataDir, 'cosmos.json');
  }

  test('restored to an earlier moment serves what it said then; later versions are registered again', async () => {
    await registerFixture(host.url, 'digits', 'plain');
    const before = await eventsOf(host.url, 'digits');
    const saved = join(host.dataDir, 'saved.json');
    await copyFile(await stopAll(), saved);
    await nextInstance();
    expect(await registerFixture(host.url, 'digits', 'better')).toMatchObject({ version: '2' });
    await call('PUT', `${host.url}/models/digits/routing`, { production: '2' });
    expect(await answered('digits')).toBe('2');

    await copyFile(saved, await stopAll());
    await nextInstance();
    expect(await answered('digits')).toBe('1');
    expect(await eventsOf(host.url, 'digits')).toEqual(before);
    expect((await call('GET', `${host.url}/models/digits/versions/2`)).status).toBe(404);
    expect(await registerFixture(host.url, 'digits', 'better')).toMatchObject({
      version: '2',
      state: 'ready',
    });
    await call('PUT', `${host.url}/models/digits/routing`, { production: '2' });
    expect(await answered('digits')).toBe('2');
  });

  test('restored to before a model was deleted knows it again; its files are registered again', async () => {
    await registerFixture(host.url, 'digits', 'plain');
    const saved = join(host.dataDir, 'saved.json');
    await copyFile(await stopAll(), saved);
    await nextInstance();
    expect((await call('DELETE', `${host.url}/models/digits?force=true`)).status).toBe(204);
    expect((await ask('digits')).status).toBe(404);

    await copyFile(saved, await stopAll());
    await nextInstance();
    const { status, document } = await ask('digits');
    expect([status, document.error]).toEqual([503, expect.stringMatching(/not in storage$/)]);
    expect(await registerFixture(host.url, 'digits', 'plain')).toMatchObject({ version: '1' });
    expect(await answered('digits')).toBe('1');
  });

  test('lost for good: models are unknown; registered again in their order they have their numbers', async () => {
    await registerFixture(host.url, 'digits', 'plain');
    await registerFixture(host.url, 'digits', 'better');
    await rm(await stopAll());
    await nextInstance();
    expect((await ask('digits')).status).toBe(404);
    expect((await call('GET', `${host.url}/models`)).document).toEqual({ models: [] });
    for (const [i, fixture] of ['plain', 'better'].entries()) {
      expect(await registerFixture(host.url, 'digits', fixture)).toMatchObject({
        version: String(i + 1),
        state: 'ready',
      });
    }
    expect(await answered('digits')).toBe('1');
  });
});

describe('lost messages', () => {
  /** The instance is gone, and all that its queues held; how many messages that was. */
  async function loseMessages(queue: string): Promise<number> {
    await host.kill();
    const emulators = await hold();
    try {
      const client = QueueServiceClient.fromConnectionString(emulators.storage).getQueueClient(
        queue,
      );
      const { approximateMessagesCount = 0 } = await client.getProperties();
      await client.clearMessages();
      return approximateMessagesCount;
    } finally {
      emulators.release();
    }
  }

  test('of a registration are sent again: it is decided', async () => {
    const bytes = await fixtureBytes('plain');
    const response = await fetch(`${host.url}/models/digits/versions`, {
      method: 'POST',
      headers: { 'content-type': 'application/octet-stream' },
      body: Uint8Array.from(bytes),
    });
    expect(response.status).toBe(202);
    expect(await loseMessages('registrations')).toBe(1);
    await nextInstance();
    const version = await once<{ state: string }>(
      `${host.url}/models/digits/versions/1`,
      ({ state }) => state === 'ready',
    );
    expect(version.state).toBe('ready');
    expect(host.lines.join('\n')).toContain('1 registrations had waited too long: sent again');
  });

  test('of a batch are sent again: each row is there once', async () => {
    await register(host.url, 'churn', await sample('churn'));
    const rows = await readFile('test/fixtures/churn-test.csv', 'utf8');
    const { status, document } = await scoreRows(host.url, 'model=churn', rows);
    expect(status).toBe(202);
    expect(await loseMessages('batch-chunks')).toBeGreaterThan(0);
    await nextInstance();
    const job: BatchDocument = await endOf(host.url, document.id);
    const count = rows.trimEnd().split('\n').length - 1;
    expect(job).toMatchObject({ state: 'completed', rows: { scored: count, failed: 0 } });
    const output = await resultOf(host.url, document.id, 'output');
    expect(output.trimEnd().split('\n')).toHaveLength(count + 1);
    expect(host.lines.join('\n')).toContain('1 batch jobs stood still: sent on again');
  });
});
